-- Make a key for a tenant and return it, the only time that it is seen. Callers have checked the arguments. Without a
-- lifetime it does not expire.
CREATE OR REPLACE FUNCTION tenantry_private.mint_api_key(
    p_tenant uuid, p_name text, p_role text, p_rate_limit_per_minute int, p_lifetime interval,
    OUT key_id uuid, OUT api_key text
)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    api_key := concat('sk_', p_tenant, '_', encode(tenantry_private.random_bytes(), 'hex'));

    INSERT INTO tenantry_private.api_keys AS k (tenant_id, name, role, rate_limit_per_minute, key_hash, lifetime, expires_at)
    VALUES (
        p_tenant, p_name, p_role, p_rate_limit_per_minute, sha256(convert_to(api_key, 'UTF8')),
        p_lifetime, clock_timestamp() + p_lifetime
    )
    RETURNING k.key_id INTO mint_api_key.key_id;

    INSERT INTO tenantry_private.api_key_uses (key_id) VALUES (mint_api_key.key_id);
END
$$;

COMMENT ON FUNCTION tenantry_private.mint_api_key(uuid, text, text, int, interval) IS 'make an API key';
REVOKE ALL ON FUNCTION tenantry_private.mint_api_key(uuid, text, text, int, interval) FROM PUBLIC;
