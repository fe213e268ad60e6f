-- What is missing of a table's protection, one line a gap; empty when it is whole. Compares the catalog with what
-- protect() leaves behind.
CREATE OR REPLACE FUNCTION tenantry.protection_gaps(p_table regclass)
RETURNS text[]
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_tenant_column CONSTANT name := tenantry.policy_column(p_table, 'tenantry_isolation');
    v_permission_column CONSTANT name := tenantry.policy_column(p_table, 'tenantry_permission');
    v_column record;
    v_relation record;
    v_gaps text[] := ARRAY[]::text[];
BEGIN
    IF v_tenant_column IS NULL THEN
        RETURN ARRAY['not protected'];
    END IF;

    SELECT a.attnum, a.attnotnull, pg_get_expr(d.adbin, d.adrelid) AS default_expression INTO v_column
    FROM pg_attribute AS a
    LEFT JOIN pg_attrdef AS d ON a.attrelid = d.adrelid AND a.attnum = d.adnum
    WHERE a.attrelid = p_table AND a.attname = v_tenant_column;
    IF NOT v_column.attnotnull THEN
        v_gaps := v_gaps || format('column "%s" may be null', v_tenant_column);
    END IF;
    IF v_column.default_expression IS DISTINCT FROM 'tenantry.claimed_tenant()' THEN
        v_gaps := v_gaps || format('column "%s" is not filled from the context', v_tenant_column);
    END IF;
    IF NOT EXISTS (
        SELECT FROM pg_constraint AS c
        WHERE c.conrelid = p_table AND c.contype = 'f' AND c.confrelid = 'tenantry.tenants'::regclass
            AND c.conkey = ARRAY[v_column.attnum] AND c.confdeltype = 'c' AND c.convalidated
    ) THEN
        v_gaps := v_gaps || 'no cascading foreign key to tenantry.tenants'::text;
    END IF;
    IF NOT EXISTS (
        SELECT FROM pg_index AS i
        WHERE i.indrelid = p_table AND i.indisvalid AND i.indpred IS NULL AND i.indkey[0] = v_column.attnum
    ) THEN
        v_gaps := v_gaps || format('no index that begins with "%s"', v_tenant_column);
    END IF;

    FOR v_relation IN
        SELECT c.oid, c.oid::regclass AS name, c.relrowsecurity, c.relforcerowsecurity, c.relacl, c.relowner
        FROM (SELECT p_table::oid AS relid UNION SELECT t.relid FROM pg_partition_tree(p_table) AS t) AS t
        INNER JOIN pg_class AS c ON t.relid = c.oid
        ORDER BY c.oid
    LOOP
        IF NOT v_relation.relrowsecurity OR NOT v_relation.relforcerowsecurity THEN
            v_gaps := v_gaps || format('row-level security of %s is not enabled and forced', v_relation.name);
        END IF;
        IF NOT EXISTS (
            SELECT FROM pg_policy AS p
            WHERE p.polrelid = v_relation.oid AND p.polname = 'tenantry_isolation'
                AND NOT p.polpermissive AND p.polcmd = '*' AND p.polroles = '{0}'
                AND pg_get_expr(p.polqual, p.polrelid)
                    = format('(%I = ( SELECT tenantry.current_tenant() AS current_tenant))', v_tenant_column)
                AND pg_get_expr(p.polwithcheck, p.polrelid)
                    = format('(%I = ( SELECT tenantry.require_tenant() AS require_tenant))', v_tenant_column)
        ) THEN
            v_gaps := v_gaps || format('policy tenantry_isolation of %s is missing or altered', v_relation.name);
        END IF;
        IF v_permission_column IS NOT NULL AND NOT EXISTS (
            SELECT FROM pg_policy AS p
            WHERE p.polrelid = v_relation.oid AND p.polname = 'tenantry_permission'
                AND NOT p.polpermissive AND p.polcmd = '*' AND p.polroles = '{0}' AND p.polwithcheck IS NULL
                AND pg_get_expr(p.polqual, p.polrelid)
                    = format('(%I = ANY (( SELECT tenantry.cleared_levels() AS cleared_levels)::text[]))', v_permission_column)
        ) THEN
            v_gaps := v_gaps || format('policy tenantry_permission of %s is missing or altered', v_relation.name);
        END IF;
        IF v_relation.relrowsecurity
            AND NOT EXISTS (SELECT FROM pg_policy AS p WHERE p.polrelid = v_relation.oid AND p.polpermissive)
        THEN
            v_gaps := v_gaps || format('no permissive policy of %s lets anybody see a row', v_relation.name);
        END IF;
        IF NOT EXISTS (
            SELECT FROM pg_trigger AS t
            WHERE t.tgrelid = v_relation.oid AND t.tgfoid = 'tenantry.refuse_tenant_change'::regproc AND t.tgenabled IN ('O', 'A')
        ) THEN
            v_gaps := v_gaps || format('%s lets the tenant of a row change', v_relation.name);
        END IF;
        IF EXISTS (
            SELECT FROM (
                SELECT x.grantee, x.privilege_type FROM aclexplode(v_relation.relacl) AS x
                UNION ALL
                SELECT x.grantee, x.privilege_type
                FROM pg_attribute AS a, aclexplode(a.attacl) AS x
                WHERE a.attrelid = v_relation.oid
            ) AS g
            WHERE g.privilege_type IN ('TRUNCATE', 'REFERENCES', 'TRIGGER')
                AND (g.grantee = 0 OR g.grantee::regrole IN (SELECT tenantry.application_roles()))
        ) THEN
            v_gaps := v_gaps || format('the application holds TRUNCATE, REFERENCES or TRIGGER on %s', v_relation.name);
        END IF;
        IF v_relation.relowner::regrole IN (SELECT tenantry.application_roles()) THEN
            v_gaps := v_gaps || format('the application can act as the owner of %s', v_relation.name);
        END IF;
    END LOOP;
    RETURN v_gaps;
END
$$;

COMMENT ON FUNCTION tenantry.protection_gaps(regclass) IS 'what is missing of a table''s protection, empty when whole';
REVOKE ALL ON FUNCTION tenantry.protection_gaps(regclass) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.protection_gaps(regclass) TO tenantry_admin, tenantry_auditor;
