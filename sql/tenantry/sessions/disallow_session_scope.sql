-- Let a login open contexts for single transactions only. Its session contexts that are open end.
CREATE OR REPLACE FUNCTION tenantry.disallow_session_scope(p_role regrole)
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM tenantry_private.note_withdrawal();
    DELETE FROM tenantry_private.session_logins AS l
    WHERE l.login_role = (SELECT r.rolname FROM pg_roles AS r WHERE r.oid = p_role);
    IF NOT FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'no_data_found',
            MESSAGE = 'the login has no session scope',
            HINT = 'tenantry.session_logins lists those that have.';
    END IF;
END
$$;

COMMENT ON FUNCTION tenantry.disallow_session_scope(regrole) IS 'let a login open contexts for single transactions only';
REVOKE ALL ON FUNCTION tenantry.disallow_session_scope(regrole) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.disallow_session_scope(regrole) TO tenantry_admin;
