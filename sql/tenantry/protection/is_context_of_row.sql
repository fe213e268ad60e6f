-- Whether the current context writes for the tenant, or the collection of it, that a row belongs to. For triggers on
-- protected tables: a function that a statement calls can open another context halfway, which policies, evaluated once a
-- statement, do not notice.
CREATE OR REPLACE FUNCTION tenantry.is_context_of_row(p_table regclass, p_row jsonb)
RETURNS boolean
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN EXISTS (
        SELECT FROM tenantry.writable_tenants(false) AS t
        WHERE t = (p_row ->> tenantry.policy_column(p_table, 'tenantry_isolation'))::uuid
    );
END
$$;

COMMENT ON FUNCTION tenantry.is_context_of_row(regclass, jsonb) IS 'whether the current context writes for the tenant of a row';
REVOKE ALL ON FUNCTION tenantry.is_context_of_row(regclass, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.is_context_of_row(regclass, jsonb) TO tenantry_admin, tenantry_app, tenantry_gateway, tenantry_auditor;
