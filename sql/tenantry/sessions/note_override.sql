-- Note that a context is being opened over another one. Where the one below is the session's and somebody else's, what is
-- made from now on may be planted, and verify_session() no longer tolerates any residue.
CREATE OR REPLACE FUNCTION tenantry_private.note_override(p_tenant uuid, p_user text, p_key uuid)
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- A standby has no session contexts.
    IF pg_is_in_recovery()
        OR NOT tenantry_private.is_session_login()
        OR tenantry_private.is_own_session(p_tenant, p_user, p_key)
    THEN
        RETURN;
    END IF;
    PERFORM tenantry_private.refuse_read_only();
    PERFORM nextval('tenantry_private.session_overrides');
END
$$;

COMMENT ON FUNCTION tenantry_private.note_override(uuid, text, uuid) IS 'note that a context is being opened over another one';
REVOKE ALL ON FUNCTION tenantry_private.note_override(uuid, text, uuid) FROM PUBLIC;
