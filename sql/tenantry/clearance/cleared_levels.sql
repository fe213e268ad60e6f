-- The permission levels that the current context may read and write; none outside a context.
-- Clearance policies compare with this list, because equality of text is leakproof and can use an index.
CREATE OR REPLACE FUNCTION tenantry.cleared_levels()
RETURNS text[]
LANGUAGE plpgsql
STABLE
PARALLEL RESTRICTED
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_levels CONSTANT text[] := tenantry.permission_levels();
BEGIN
    RETURN v_levels[1 : coalesce(array_position(v_levels, tenantry.current_clearance()), 0)];
END
$$;

COMMENT ON FUNCTION tenantry.cleared_levels() IS 'permission levels that the current context may read and write';
REVOKE ALL ON FUNCTION tenantry.cleared_levels() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.cleared_levels() TO tenantry_admin, tenantry_app, tenantry_gateway, tenantry_auditor;
