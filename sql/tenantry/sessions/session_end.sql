-- When a session context that is opened now has to end; an error where none may be opened. Called before the credential
-- is looked at.
CREATE OR REPLACE FUNCTION tenantry_private.session_end()
RETURNS timestamptz
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_lifetime CONSTANT interval := (SELECT l.lifetime FROM tenantry_private.session_logins AS l WHERE l.login_role = session_user);
BEGIN
    IF v_lifetime IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'insufficient_privilege',
            MESSAGE = 'this login may not open a context for its session',
            HINT = 'Authenticate in each transaction, or let an admin call tenantry.allow_session_scope() for a login that is never pooled.';
    END IF;
    -- A pooler logs in by itself and sets what its clients have sent afterwards. A name that came with the log-in is a
    -- client's, or at least no pooler's that hides.
    IF (SELECT s.source FROM pg_settings AS s WHERE s.name = 'application_name') <> 'client' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = 'this connection may be pooled',
            HINT = 'Connect to the server itself and pass application_name in the connection string, as psql does. Through a pooler, authenticate in each transaction.';
    END IF;
    PERFORM tenantry_private.refuse_read_only();
    RETURN clock_timestamp() + v_lifetime;
END
$$;

COMMENT ON FUNCTION tenantry_private.session_end() IS 'end of a session context that is opened now, an error where none may be';
REVOKE ALL ON FUNCTION tenantry_private.session_end() FROM PUBLIC;
