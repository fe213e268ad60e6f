-- Put the policies, and the trigger against TRUNCATE, on one table or partition. protection_gaps() has to know whatever
-- is changed here.
CREATE OR REPLACE FUNCTION tenantry.attach_policies(p_relation regclass, p_tenant_column name, p_permission_column name)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_condition CONSTANT text := format(
        'USING (%1$I = (SELECT tenantry.current_tenant())) WITH CHECK (%1$I = (SELECT tenantry.require_tenant()))',
        p_tenant_column
    );
    v_had_access CONSTANT boolean := EXISTS (
        SELECT FROM pg_policy AS p WHERE p.polrelid = p_relation AND p.polname = 'tenantry_access'
    );
    v_policies text;
BEGIN
    PERFORM tenantry.detach_policies(p_relation);
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', p_relation);

    EXECUTE format(
        'CREATE OR REPLACE TRIGGER tenantry_refuse_truncate BEFORE TRUNCATE ON %s '
        'FOR EACH STATEMENT EXECUTE FUNCTION tenantry.refuse_truncate()',
        p_relation
    );

    -- Restrictive: it holds whatever other policies the table has or gets.
    EXECUTE format('CREATE POLICY tenantry_isolation ON %s AS RESTRICTIVE %s', p_relation, v_condition);

    IF p_permission_column IS NOT NULL THEN
        -- ARRAY(…) gives a flat array: the one that a PL/pgSQL function returns would be unpacked again for each row.
        EXECUTE format(
            'CREATE POLICY tenantry_permission ON %s AS RESTRICTIVE '
            'USING (%I = ANY (ARRAY(SELECT unnest(tenantry.cleared_levels()))))',
            p_relation, p_permission_column
        );
    END IF;

    -- Restrictive policies only narrow what a permissive one opens. Ours opens no more than the tenant's own rows, so
    -- that either of the two isolates without the other, and DROP EXTENSION … CASCADE, which takes both, opens nothing.
    -- PostgreSQL evaluates the condition that they share once when it reads.
    SELECT string_agg(quote_ident(p.polname), ', ' ORDER BY p.polname) INTO v_policies
    FROM pg_policy AS p
    WHERE p.polrelid = p_relation AND p.polpermissive;
    IF v_policies IS NULL OR v_had_access THEN
        EXECUTE format('CREATE POLICY tenantry_access ON %s %s', p_relation, v_condition);
    ELSE
        RAISE NOTICE USING
            MESSAGE = format('policies of %s that go on deciding within the tenant: %s', p_relation, v_policies),
            HINT = 'Drop them, and protect the table again, if they did what tenantry_isolation does now.';
    END IF;
END
$$;

COMMENT ON FUNCTION tenantry.attach_policies(regclass, name, name)
IS 'enable and force row-level security on one relation, with the tenant policies';
REVOKE ALL ON FUNCTION tenantry.attach_policies(regclass, name, name) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.attach_policies(regclass, name, name) TO tenantry_admin;
