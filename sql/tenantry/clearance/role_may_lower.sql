-- Whether a role within a tenant may lower the permission level of a row: managers and owners may, unless an admin has
-- said otherwise.
CREATE OR REPLACE FUNCTION tenantry_private.role_may_lower(p_role text)
RETURNS boolean
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN coalesce(
        (SELECT r.may_lower FROM tenantry_private.role_clearances AS r WHERE r.role = p_role),
        p_role IN ('manager', 'owner')
    );
END
$$;

COMMENT ON FUNCTION tenantry_private.role_may_lower(text) IS 'whether a role may lower the permission level of a row';
REVOKE ALL ON FUNCTION tenantry_private.role_may_lower(text) FROM PUBLIC;
