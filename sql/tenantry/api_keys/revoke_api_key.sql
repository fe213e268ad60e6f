-- Revoke an API key: from the commit on it opens no context. Revoking it again changes nothing.
CREATE OR REPLACE FUNCTION tenantry.revoke_api_key(p_key uuid)
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM tenantry_private.note_withdrawal();
    UPDATE tenantry_private.api_keys
    SET revoked_at = coalesce(revoked_at, clock_timestamp())
    WHERE key_id = p_key;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'no_data_found',
            MESSAGE = 'API key does not exist',
            HINT = 'Pass the key_id that issue_api_key() returned; tenantry.api_keys lists them.';
    END IF;
END
$$;

COMMENT ON FUNCTION tenantry.revoke_api_key(uuid) IS 'revoke an API key at once';
REVOKE ALL ON FUNCTION tenantry.revoke_api_key(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.revoke_api_key(uuid) TO tenantry_admin;
