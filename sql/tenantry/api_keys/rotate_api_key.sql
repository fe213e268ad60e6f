-- Replace an API key: the new one has the same tenant, name, role and limit, the old one works for the overlap only.
-- A key that was issued to expire is replaced by one that lives as long as it was meant to.
CREATE OR REPLACE FUNCTION tenantry.rotate_api_key(p_key uuid, p_overlap interval)
RETURNS TABLE (key_id uuid, api_key text)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_overlap CONSTANT interval := tenantry_private.check_overlap(p_overlap);
    v_key tenantry_private.api_keys;
BEGIN
    PERFORM tenantry_private.note_withdrawal();

    -- The row lock makes two rotations at once one after the other.
    SELECT k.* INTO v_key
    FROM tenantry_private.api_keys AS k
    WHERE k.key_id = p_key AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > clock_timestamp())
    FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'no_data_found',
            MESSAGE = 'API key does not exist, or is revoked or expired',
            HINT = 'Issue a new key with issue_api_key(); tenantry.api_keys lists the existing ones.';
    END IF;

    UPDATE tenantry_private.api_keys AS k
    SET expires_at = least(k.expires_at, clock_timestamp() + v_overlap)
    WHERE k.key_id = p_key;

    RETURN QUERY
    SELECT m.key_id, m.api_key
    FROM tenantry_private.mint_api_key(
        v_key.tenant_id, v_key.name, v_key.role, v_key.rate_limit_per_minute, v_key.lifetime
    ) AS m;
END
$$;

COMMENT ON FUNCTION tenantry.rotate_api_key(uuid, interval) IS 'replace an API key, letting the old one work for a while';
REVOKE ALL ON FUNCTION tenantry.rotate_api_key(uuid, interval) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.rotate_api_key(uuid, interval) TO tenantry_admin;
