-- Open the context of the tenant that an API key belongs to, for the current transaction. Unknown, malformed, revoked
-- and expired keys and keys of suspended tenants all get the same answer from the same line.
CREATE OR REPLACE FUNCTION tenantry.authenticate(p_api_key text)
RETURNS tenantry.identity
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_key record;
    v_identity tenantry.identity;
BEGIN
    -- A key has 104 characters. Cutting what is longer bounds the work without telling a key from its prefix.
    SELECT k.key_id, k.tenant_id, k.role, k.rate_limit_per_minute, k.expires_at, u.last_used_at
    INTO v_key
    FROM tenantry_private.api_keys AS k
    INNER JOIN tenantry_private.api_key_uses AS u ON k.key_id = u.key_id
    INNER JOIN tenantry.tenants AS t ON k.tenant_id = t.tenant_id
    WHERE k.key_hash = sha256(convert_to(left(p_api_key, 128), 'UTF8'))
        AND k.revoked_at IS NULL
        AND (k.expires_at IS NULL OR k.expires_at > clock_timestamp())
        AND t.status = 'active';
    IF NOT FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_authorization_specification',
            MESSAGE = 'invalid credential',
            HINT = 'Check that the API key is complete, neither revoked nor expired, and that its tenant is active.';
    END IF;

    IF v_key.last_used_at IS NULL OR v_key.last_used_at < clock_timestamp() - interval '1 minute' THEN
        PERFORM tenantry_private.note_key_use(v_key.key_id);
    END IF;

    v_identity.tenant_id := v_key.tenant_id;
    v_identity.role := v_key.role;
    v_identity.clearance := tenantry_private.role_clearance(v_key.role);
    v_identity.key_id := v_key.key_id;
    v_identity.rate_limit_per_minute := v_key.rate_limit_per_minute;
    v_identity.expires_at := tenantry_private.seal_context(
        v_identity.tenant_id, v_identity.user_id, v_identity.role, v_identity.clearance, v_identity.key_id, v_key.expires_at
    );
    RETURN v_identity;
END
$$;

COMMENT ON FUNCTION tenantry.authenticate(text) IS 'open the context of an API key for the current transaction';
REVOKE ALL ON FUNCTION tenantry.authenticate(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.authenticate(text) TO tenantry_app, tenantry_gateway;
