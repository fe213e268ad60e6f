-- Let a login open contexts for its whole session, or change for how long. For people at psql or in a notebook; a pooled
-- login must not have it, because its sessions pass from one client to the next.
CREATE OR REPLACE FUNCTION tenantry.allow_session_scope(p_role regrole, p_lifetime interval DEFAULT '1 hour')
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_lifetime CONSTANT interval := tenantry_private.seconds_between(p_lifetime, '1 microsecond', '7 days');
    v_login CONSTANT text := (SELECT r.rolname::text FROM pg_roles AS r WHERE r.oid = p_role AND r.rolcanlogin);
BEGIN
    IF v_login IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'the role does not log in',
            HINT = 'Name the login of one person or one tool; members of a group do not inherit it.';
    END IF;
    IF v_lifetime IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'invalid session lifetime',
            HINT = 'Use an interval above zero and of at most 7 days.';
    END IF;

    PERFORM tenantry_private.note_withdrawal();
    INSERT INTO tenantry_private.session_logins AS l (login_role, lifetime)
    VALUES (v_login, v_lifetime)
    ON CONFLICT (login_role) DO UPDATE SET lifetime = excluded.lifetime;
END
$$;

COMMENT ON FUNCTION tenantry.allow_session_scope(regrole, interval) IS 'let a login open contexts for its whole session';
REVOKE ALL ON FUNCTION tenantry.allow_session_scope(regrole, interval) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.allow_session_scope(regrole, interval) TO tenantry_admin;
