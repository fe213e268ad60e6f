-- Let each row of a protected table say who of the tenant's members may read and write it. A row whose list is NULL is open
-- to all of them; the owner of a row, where the table has a column for it, is always let in. The table's owner calls this,
-- again to repair what protected_tables lists as a gap.
CREATE OR REPLACE FUNCTION tenantry.restrict_to_readers(
    p_table regclass, p_readers_column name, p_owner_column name DEFAULT NULL
)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_tenant_column CONSTANT name := tenantry.policy_column(p_table, 'tenantry_isolation');
    v_column record;
    v_relation regclass;
BEGIN
    IF v_tenant_column IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('%s is not protected', p_table),
            HINT = 'tenantry.protected_tables lists the protected tables.';
    END IF;
    FOR v_column IN
        SELECT n.name, n.purpose, n.expected, a.atttypid AS actual, a.atthasdef AS has_default
        FROM (
            VALUES (p_readers_column, 'readers', 'text[]'::regtype), (p_owner_column, 'owner', 'text'::regtype)
        ) AS n (name, purpose, expected)
        LEFT JOIN pg_attribute AS a ON a.attrelid = p_table AND a.attname = n.name AND a.attnum > 0 AND NOT a.attisdropped
        WHERE n.name IS NOT NULL OR n.purpose = 'readers'
    LOOP
        IF v_column.actual IS NULL THEN
            RAISE EXCEPTION USING
                ERRCODE = 'undefined_column',
                MESSAGE = format('%s has no column "%s" for the %s', p_table, v_column.name, v_column.purpose),
                HINT = format('ALTER TABLE %s ADD COLUMN %I %s;', p_table, coalesce(v_column.name, v_column.purpose), v_column.expected);
        ELSIF v_column.actual <> v_column.expected THEN
            RAISE EXCEPTION USING
                ERRCODE = 'datatype_mismatch',
                MESSAGE = format(
                    'the %s column "%s" of %s is %s, not %s',
                    v_column.purpose, v_column.name, p_table, v_column.actual::regtype, v_column.expected
                ),
                HINT = format('ALTER TABLE %s ALTER COLUMN %I TYPE %s USING …;', p_table, v_column.name, v_column.expected);
        ELSIF v_column.purpose = 'owner' AND NOT v_column.has_default THEN
            EXECUTE format('ALTER TABLE %s ALTER COLUMN %I SET DEFAULT tenantry.claimed_member()', p_table, p_owner_column);
        END IF;
    END LOOP;

    PERFORM tenantry.unrestrict_readers(p_table);
    FOR v_relation IN SELECT tenantry.relations_of(p_table) LOOP
        EXECUTE format(
            'CREATE POLICY tenantry_readers ON %s AS RESTRICTIVE USING (%s)',
            v_relation,
            (SELECT tenantry.within_tenant(
                v_relation, v_tenant_column, tenantry.is_shared(v_relation),
                tenantry.readers_condition(p_readers_column, p_owner_column)
            ))
        );
        IF p_owner_column IS NOT NULL THEN
            EXECUTE format(
                'CREATE POLICY tenantry_row_owner ON %s AS RESTRICTIVE FOR INSERT WITH CHECK (%s)',
                v_relation,
                (SELECT tenantry.within_tenant(
                    v_relation, v_tenant_column, tenantry.is_shared(v_relation),
                    format('%1$I IS NOT DISTINCT FROM coalesce((SELECT tenantry.current_member()), %1$I)', p_owner_column)
                ))
            );
        END IF;
    END LOOP;
    EXECUTE format(
        'CREATE TRIGGER tenantry_refuse_reader_change BEFORE UPDATE ON %s FOR EACH ROW '
        'WHEN ((old.%2$I, old.%3$I) IS DISTINCT FROM (new.%2$I, new.%3$I)) EXECUTE FUNCTION tenantry.refuse_reader_change()',
        p_table, p_readers_column, coalesce(p_owner_column, p_readers_column)
    );
END
$$;

COMMENT ON FUNCTION tenantry.restrict_to_readers(regclass, name, name) IS 'let each row say who of the tenant''s members may read it';
REVOKE ALL ON FUNCTION tenantry.restrict_to_readers(regclass, name, name) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.restrict_to_readers(regclass, name, name) TO tenantry_admin;
