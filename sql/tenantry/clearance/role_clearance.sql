-- The clearance that a role within a tenant carries; NULL for a role that does not exist.
CREATE OR REPLACE FUNCTION tenantry_private.role_clearance(p_role text)
RETURNS text
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN coalesce(
        (SELECT r.clearance FROM tenantry_private.role_clearances AS r WHERE r.role = p_role),
        tenantry_private.default_clearance(p_role)
    );
END
$$;

COMMENT ON FUNCTION tenantry_private.role_clearance(text) IS 'clearance of a role, NULL for an unknown role';
REVOKE ALL ON FUNCTION tenantry_private.role_clearance(text) FROM PUBLIC;
