-- Put the policies, and the trigger against TRUNCATE, on one table or partition. protection_gaps() has to know whatever
-- is changed here.
CREATE OR REPLACE FUNCTION tenantry.attach_policies(
    p_relation regclass, p_tenant_column name, p_permission_column name, p_is_shared boolean DEFAULT false
)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_had_access CONSTANT boolean := EXISTS (
        SELECT FROM pg_policy AS p WHERE p.polrelid = p_relation AND p.polname = 'tenantry_access'
    );
    v_own_policies text;
    v_policy record;
BEGIN
    PERFORM tenantry.detach_policies(p_relation);
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', p_relation);

    EXECUTE format(
        'CREATE OR REPLACE TRIGGER tenantry_refuse_truncate %s',
        tenantry.trigger_definition(p_relation, 'tenantry.refuse_truncate'::regproc, p_tenant_column)
    );

    -- A table that has permissive policies of its own is not opened by ours.
    SELECT string_agg(quote_ident(p.polname), ', ' ORDER BY p.polname) INTO v_own_policies
    FROM pg_policy AS p
    WHERE p.polrelid = p_relation AND p.polpermissive;
    FOR v_policy IN
        SELECT
            p.policy,
            format('AS %s FOR %s', CASE WHEN p.is_permissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END, p.command)
            || coalesce(' USING (' || p.using_expression || ')', '') || coalesce(' WITH CHECK (' || p.check_expression || ')', '') AS definition
        FROM tenantry.tenant_policies(p_relation, p_tenant_column, p_permission_column, p_is_shared) AS p
        WHERE NOT p.is_permissive OR v_own_policies IS NULL OR v_had_access
    LOOP
        EXECUTE format('CREATE POLICY %I ON %s %s', v_policy.policy, p_relation, v_policy.definition);
    END LOOP;
    IF v_own_policies IS NOT NULL AND NOT v_had_access THEN
        RAISE NOTICE USING
            MESSAGE = format('policies of %s that go on deciding within the tenant: %s', p_relation, v_own_policies),
            HINT = 'Drop them, and protect the table again, if they did what tenantry_isolation does now.';
    END IF;
END
$$;

COMMENT ON FUNCTION tenantry.attach_policies(regclass, name, name, boolean)
IS 'enable and force row-level security on one relation, with the tenant policies';
REVOKE ALL ON FUNCTION tenantry.attach_policies(regclass, name, name, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.attach_policies(regclass, name, name, boolean) TO tenantry_admin;
