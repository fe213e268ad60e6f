-- Whether the current member is the owner of a row, by the owner column of a table with readers. For triggers, as
-- is_context_of_row().
CREATE OR REPLACE FUNCTION tenantry.owns_row(p_table regclass, p_row jsonb)
RETURNS boolean
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN coalesce(tenantry.current_member() = p_row ->> tenantry.policy_column(p_table, 'tenantry_row_owner'), false);
END
$$;

COMMENT ON FUNCTION tenantry.owns_row(regclass, jsonb) IS 'whether the current member is the owner of a row';
REVOKE ALL ON FUNCTION tenantry.owns_row(regclass, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.owns_row(regclass, jsonb) TO tenantry_admin, tenantry_app, tenantry_gateway, tenantry_auditor;
