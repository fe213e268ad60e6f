-- What is missing of the policies, triggers and privileges of one table or partition, one line a gap.
CREATE OR REPLACE FUNCTION tenantry.relation_gaps(
    p_relation regclass, p_tenant_column name, p_permission_column name, p_is_shared boolean DEFAULT false
)
RETURNS text[]
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
SET quote_all_identifiers = off
AS $$
DECLARE
    v_relation record;
    v_gaps text[] := ARRAY[]::text[];
BEGIN
    SELECT c.relrowsecurity, c.relforcerowsecurity, c.relacl, c.relowner::regrole AS owner INTO STRICT v_relation
    FROM pg_class AS c
    WHERE c.oid = p_relation;

    IF NOT v_relation.relrowsecurity OR NOT v_relation.relforcerowsecurity THEN
        v_gaps := v_gaps || format('row-level security of %s is not enabled and forced', p_relation);
    END IF;
    v_gaps := v_gaps || ARRAY(
        SELECT format('policy %s of %s is missing or altered', e.policy, p_relation)
        FROM tenantry.tenant_policies(p_relation, p_tenant_column, p_permission_column, p_is_shared) AS e
        WHERE NOT e.is_permissive AND NOT EXISTS (
            SELECT FROM pg_policy AS p
            WHERE p.polrelid = p_relation AND p.polname = e.policy AND NOT p.polpermissive AND p.polroles = '{0}'
                AND p.polcmd = CASE e.command WHEN 'ALL' THEN '*' WHEN 'SELECT' THEN 'r' WHEN 'INSERT' THEN 'a' WHEN 'UPDATE' THEN 'w' WHEN 'DELETE' THEN 'd' END
                AND pg_get_expr(p.polqual, p.polrelid) IS NOT DISTINCT FROM e.using_expression
                AND pg_get_expr(p.polwithcheck, p.polrelid) IS NOT DISTINCT FROM e.check_expression
        )
        ORDER BY e.policy
    );
    IF p_permission_column IS NULL
        AND EXISTS (SELECT FROM pg_policy AS p WHERE p.polrelid = p_relation AND p.polname = 'tenantry_permission')
    THEN
        v_gaps := v_gaps || format('policy tenantry_permission of %s is missing or altered', p_relation);
    END IF;
    IF p_permission_column IS NOT NULL
        AND NOT tenantry.has_enabled_trigger(p_relation, 'tenantry.refuse_lowered_level'::regproc, p_permission_column)
    THEN
        v_gaps := v_gaps || format('%s lets the permission level of a row be lowered by who may write it', p_relation);
    END IF;
    IF v_relation.relrowsecurity
        AND NOT EXISTS (SELECT FROM pg_policy AS p WHERE p.polrelid = p_relation AND p.polpermissive)
    THEN
        v_gaps := v_gaps || format('no permissive policy of %s lets anybody see a row', p_relation);
    END IF;
    IF NOT tenantry.has_enabled_trigger(p_relation, 'tenantry.refuse_tenant_change'::regproc, p_tenant_column) THEN
        v_gaps := v_gaps || format('%s lets the tenant of a row change', p_relation);
    END IF;
    IF NOT tenantry.has_enabled_trigger(p_relation, 'tenantry.refuse_truncate'::regproc, p_tenant_column) THEN
        v_gaps := v_gaps || format('%s can be truncated by who may not read it', p_relation);
    END IF;
    IF EXISTS (
        SELECT FROM (
            SELECT x.grantee, x.privilege_type FROM aclexplode(v_relation.relacl) AS x
            UNION ALL
            SELECT x.grantee, x.privilege_type
            FROM pg_attribute AS a, aclexplode(a.attacl) AS x
            WHERE a.attrelid = p_relation
        ) AS g
        WHERE g.privilege_type IN ('TRUNCATE', 'REFERENCES', 'TRIGGER')
            AND (g.grantee = 0 OR g.grantee::regrole IN (SELECT tenantry.application_roles()))
    ) THEN
        v_gaps := v_gaps || format('the application holds TRUNCATE, REFERENCES or TRIGGER on %s', p_relation);
    END IF;
    IF v_relation.owner IN (SELECT tenantry.application_roles()) THEN
        v_gaps := v_gaps || format('the application can act as the owner of %s', p_relation);
    END IF;
    RETURN v_gaps;
END
$$;

COMMENT ON FUNCTION tenantry.relation_gaps(regclass, name, name, boolean)
IS 'what is missing of the policies, triggers and privileges of one relation';
REVOKE ALL ON FUNCTION tenantry.relation_gaps(regclass, name, name, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.relation_gaps(regclass, name, name, boolean) TO tenantry_admin, tenantry_auditor;
