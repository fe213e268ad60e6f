-- Test that tenant A gets nothing of tenant B's rows in a table, by attacking it as a role of the application.
CREATE OR REPLACE FUNCTION tenantry_tap.is_isolated(
    p_table regclass, p_tenant_a uuid, p_tenant_b uuid, p_role name DEFAULT 'tenantry_app', p_description text DEFAULT NULL
)
RETURNS text
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT tenantry_tap.report(
        tenantry_tap.leaks(p_table, p_tenant_a, p_tenant_b, p_role), coalesce(p_description, format('%s is isolated', p_table))
    );
$$;

COMMENT ON FUNCTION tenantry_tap.is_isolated(regclass, uuid, uuid, name, text)
IS 'test that a tenant gets nothing of another''s rows in a table';
REVOKE ALL ON FUNCTION tenantry_tap.is_isolated(regclass, uuid, uuid, name, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry_tap.is_isolated(regclass, uuid, uuid, name, text) TO tenantry_admin;
