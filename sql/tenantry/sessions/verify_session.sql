-- Verify the context of a session: false for what is no token of this session, an error for one that has ended. It lives
-- long, so what its credential rests on is looked up each time; verified_context() checks the expiry.
CREATE OR REPLACE FUNCTION tenantry_private.verify_session(p_token text, p_fields text[])
RETURNS boolean
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT tenantry_private.is_session_token(p_token, p_fields) THEN
        RETURN false;
    END IF;
    IF split_part(p_fields[4], '.', 1) <> 's' || currval('tenantry_private.session_numbers') THEN
        RAISE EXCEPTION USING
            ERRCODE = 'insufficient_privilege',
            MESSAGE = 'this context of the session has ended',
            HINT = 'It was left or replaced, perhaps in a transaction that was rolled back. Authenticate again.';
    END IF;

    IF current_setting('transaction_isolation') IN ('repeatable read', 'serializable') THEN
        PERFORM tenantry_private.refuse_stale_snapshot();
    END IF;
    IF NOT tenantry_private.is_upheld(p_fields) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'insufficient_privilege',
            MESSAGE = 'the context of this session was withdrawn',
            HINT = 'The credential, the tenant, the role or the login is no longer what it was. Authenticate again.';
    END IF;

    IF split_part(p_fields[4], '.', 2) <> currval('tenantry_private.session_overrides')::text
        AND tenantry_private.has_residue()
    THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = 'this session holds temporary objects, held cursors or SQL-prepared statements of another context',
            HINT = 'They could carry data from one tenant to another. Drop, close or deallocate them, or run DISCARD ALL and authenticate again.';
    END IF;
    RETURN true;
END
$$;

COMMENT ON FUNCTION tenantry_private.verify_session(text, text[]) IS 'verify the context of a session';
REVOKE ALL ON FUNCTION tenantry_private.verify_session(text, text[]) FROM PUBLIC;
