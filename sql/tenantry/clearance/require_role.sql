-- Refuse a role that no context could have.
CREATE OR REPLACE FUNCTION tenantry_private.require_role(p_role text)
RETURNS void
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF tenantry_private.role_clearance(p_role) IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'unknown role',
            HINT = 'Use viewer, member, manager, owner or a role that set_role_clearance() has made.';
    END IF;
END
$$;

COMMENT ON FUNCTION tenantry_private.require_role(text) IS 'refuse an unknown role';
REVOKE ALL ON FUNCTION tenantry_private.require_role(text) FROM PUBLIC;
