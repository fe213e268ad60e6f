-- Note that a login with session scope opens a context. Unless the session's own is in the setting, what is made from now
-- on may be planted, and verify_session() no longer tolerates any residue. An empty setting proves nothing: whoever has kept
-- the token can put it back, so every session that has ever opened one counts, until DISCARD.
CREATE OR REPLACE FUNCTION tenantry_private.note_override(p_tenant uuid, p_user text, p_key uuid)
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- A standby has no session contexts.
    IF pg_is_in_recovery() OR tenantry_private.is_own_session(p_tenant, p_user, p_key) THEN
        RETURN;
    END IF;
    BEGIN
        PERFORM currval('tenantry_private.session_numbers');
    EXCEPTION WHEN object_not_in_prerequisite_state THEN
        RETURN;
    END;
    PERFORM tenantry_private.refuse_read_only();
    PERFORM nextval('tenantry_private.session_overrides');
END
$$;

COMMENT ON FUNCTION tenantry_private.note_override(uuid, text, uuid) IS 'note that a login with session scope opens a context';
REVOKE ALL ON FUNCTION tenantry_private.note_override(uuid, text, uuid) FROM PUBLIC;
