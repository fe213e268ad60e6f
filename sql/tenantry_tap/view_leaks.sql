-- Views over the table that show tenant A something of tenant B's rows: what A sees of them depends on those. No policy works in a
-- materialized view. One line a leak.
CREATE OR REPLACE FUNCTION tenantry_tap.view_leaks(p_table regclass, p_tenant_column name, p_tenant_a uuid, p_tenant_b uuid, p_role name)
RETURNS text[]
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET quote_all_identifiers = off
AS $$
DECLARE
    v_of_b CONSTANT text := format('%I::text = %L', p_tenant_column, p_tenant_b);
    v_digest text;
    v_relation record;
    v_attempt record;
    v_other record;
    v_leaks text[] := ARRAY[]::text[];
BEGIN
    FOR v_relation IN
        WITH RECURSIVE above AS (
            SELECT r AS relation FROM tenantry.relations_of(p_table) AS r
            UNION
            SELECT w.ev_class
            FROM above AS o
            INNER JOIN pg_depend AS d
                ON d.refclassid = 'pg_class'::regclass AND d.refobjid = o.relation AND d.classid = 'pg_rewrite'::regclass
            INNER JOIN pg_rewrite AS w ON d.objid = w.oid
        )

        SELECT c.oid::regclass AS name, c.relkind = 'm' AS is_materialized
        FROM above AS o
        INNER JOIN pg_class AS c ON o.relation = c.oid
        WHERE c.relkind IN ('v', 'm') AND has_schema_privilege(p_role, c.relnamespace, 'USAGE')
            AND has_any_column_privilege(p_role, c.oid, 'SELECT')
        ORDER BY 1
    LOOP
        IF v_relation.is_materialized THEN
            v_leaks := v_leaks || format('A reads every tenant''s rows from materialized view %s', v_relation.name);
            CONTINUE;
        END IF;
        v_digest := format('SELECT md5(string_agg(v::text, '','' ORDER BY v::text)) FROM %s AS v', v_relation.name);
        SELECT * INTO v_attempt FROM tenantry_tap.attempt(p_role, p_tenant_a, '{}', v_digest);
        SELECT * INTO v_other
        FROM tenantry_tap.attempt(
            p_role, p_tenant_a, '{}', v_digest,
            p_preparation => format('DELETE FROM %s WHERE %s', p_table, v_of_b), p_preparing => p_tenant_b
        );
        IF v_other.error_code <> '00000' THEN
            v_leaks := v_leaks || format('nothing is proved of view %s: %s', v_relation.name, v_other.error_message);
        ELSIF v_attempt.answer IS DISTINCT FROM v_other.answer THEN
            v_leaks := v_leaks || format('A sees B''s rows through view %s', v_relation.name);
        END IF;
    END LOOP;
    RETURN v_leaks;
END
$$;

COMMENT ON FUNCTION tenantry_tap.view_leaks(regclass, name, uuid, uuid, name) IS 'views that show a tenant another''s rows';
REVOKE ALL ON FUNCTION tenantry_tap.view_leaks(regclass, name, uuid, uuid, name) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry_tap.view_leaks(regclass, name, uuid, uuid, name) TO tenantry_admin;
