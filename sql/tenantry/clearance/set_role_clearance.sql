-- Say what a role within a tenant is cleared for, and whether it may lower levels. A role named for the first time
-- exists from then on. Contexts already open keep the clearance they were opened with.
CREATE OR REPLACE FUNCTION tenantry.set_role_clearance(p_role text, p_clearance text, p_may_lower boolean DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF p_role IS NULL OR p_role !~ '^[a-z][a-z0-9_-]{0,62}$' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'invalid role name',
            HINT = 'Use a lower-case letter, then up to 62 lower-case letters, digits, hyphens and underscores.';
    END IF;
    IF p_clearance IS NULL OR p_clearance <> ALL (tenantry.permission_levels()) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'unknown permission level',
            HINT = 'Use one of ' || array_to_string(tenantry.permission_levels(), ', ') || '.';
    END IF;

    PERFORM tenantry_private.note_withdrawal();
    INSERT INTO tenantry_private.role_clearances (role, clearance, may_lower)
    VALUES (p_role, p_clearance, coalesce(p_may_lower, tenantry_private.role_may_lower(p_role)))
    ON CONFLICT (role) DO UPDATE SET clearance = excluded.clearance, may_lower = excluded.may_lower;
END
$$;

COMMENT ON FUNCTION tenantry.set_role_clearance(text, text, boolean)
IS 'set the permission level that a role may read and write up to, and whether it may lower levels';
REVOKE ALL ON FUNCTION tenantry.set_role_clearance(text, text, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.set_role_clearance(text, text, boolean) TO tenantry_admin;
