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
DECLARE
    v_key_hash bytea;
    v_counters regclass[];
BEGIN
    key_id := gen_random_uuid();
    -- The key stays out of the query below, whose plan could be printed, in an EXPLAIN of auto_explain for instance.
    api_key := concat('sk_', p_tenant, '_', encode(tenantry_private.random_bytes(), 'hex'));
    v_key_hash := sha256(convert_to(api_key, 'UTF8'));

    IF p_rate_limit_per_minute IS NOT NULL THEN
        v_counters := tenantry_private.take_counters(key_id, 2);
    END IF;

    INSERT INTO tenantry_private.api_keys (
        key_id, tenant_id, name, role, rate_limit_per_minute, request_counter, refusal_counter, key_hash, lifetime, expires_at
    )
    VALUES (
        key_id, p_tenant, p_name, p_role, p_rate_limit_per_minute, v_counters[1], v_counters[2],
        v_key_hash, p_lifetime, clock_timestamp() + p_lifetime
    );

    INSERT INTO tenantry_private.api_key_uses (key_id) VALUES (key_id);
END
$$;

COMMENT ON FUNCTION tenantry_private.mint_api_key(uuid, text, text, int, interval) IS 'make an API key';
REVOKE ALL ON FUNCTION tenantry_private.mint_api_key(uuid, text, text, int, interval) FROM PUBLIC;
