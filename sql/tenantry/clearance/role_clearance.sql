-- The clearance that a role within a tenant carries; NULL for a role that does not exist.
CREATE OR REPLACE FUNCTION tenantry_private.role_clearance(p_role text)
RETURNS text
LANGUAGE sql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(
        (SELECT r.clearance FROM tenantry_private.role_clearances AS r WHERE r.role = p_role),
        CASE p_role
            WHEN 'viewer' THEN 'PUBLIC'
            WHEN 'member' THEN 'INTERNAL'
            WHEN 'manager' THEN 'CONFIDENTIAL'
            WHEN 'owner' THEN 'RESTRICTED'
        END
    );
$$;

COMMENT ON FUNCTION tenantry_private.role_clearance(text) IS 'clearance of a role, NULL for an unknown role';
REVOKE ALL ON FUNCTION tenantry_private.role_clearance(text) FROM PUBLIC;
