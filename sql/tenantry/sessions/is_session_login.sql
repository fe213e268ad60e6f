-- Whether the session's login may open contexts for its session.
CREATE OR REPLACE FUNCTION tenantry_private.is_session_login()
RETURNS boolean
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN EXISTS (SELECT FROM tenantry_private.session_logins AS l WHERE l.login_role = session_user);
END
$$;

COMMENT ON FUNCTION tenantry_private.is_session_login() IS 'whether the login may open contexts for its session';
REVOKE ALL ON FUNCTION tenantry_private.is_session_login() FROM PUBLIC;
