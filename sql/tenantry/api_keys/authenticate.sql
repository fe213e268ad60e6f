-- Open the context of the tenant that an API key belongs to, for the current transaction. Unknown, malformed, revoked
-- and expired keys and keys of suspended tenants all get the same answer from the same line.
CREATE OR REPLACE FUNCTION tenantry.authenticate(p_api_key text)
RETURNS tenantry.identity
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    -- A key has 104 characters. Cutting what is longer bounds the work without telling a key from its prefix. In an
    -- expression, since the plan of a query, which may be printed, shows the parameters of its first executions.
    v_key_hash CONSTANT bytea := sha256(convert_to(left(p_api_key, 128), 'UTF8'));
    v_tenant uuid;
    v_role text;
    v_key uuid;
    v_rate_limit_per_minute int;
    v_request_counter regclass;
    v_counted bigint;
    v_expires_at timestamptz;
    v_last_used_at timestamptz;
BEGIN
    SELECT
        k.tenant_id, k.role, k.key_id, k.rate_limit_per_minute, k.expires_at, u.last_used_at, k.request_counter,
        -- Counted here where it can be, because a statement of its own would cost more: see count_request().
        CASE
            WHEN k.request_counter IS NOT NULL THEN
                CASE
                    WHEN current_setting('transaction_read_only') = 'off'
                        AND current_setting('transaction_isolation') = 'read committed'
                        THEN nextval(k.request_counter)
                END
        END
    INTO
        v_tenant, v_role, v_key, v_rate_limit_per_minute, v_expires_at, v_last_used_at, v_request_counter, v_counted
    FROM tenantry_private.api_keys AS k
    LEFT JOIN tenantry_private.api_key_uses AS u ON k.key_id = u.key_id
    INNER JOIN tenantry.tenants AS t ON k.tenant_id = t.tenant_id
    WHERE k.key_hash = v_key_hash
        AND k.revoked_at IS NULL
        AND (k.expires_at IS NULL OR k.expires_at > clock_timestamp())
        AND t.status = 'active';
    IF NOT FOUND THEN
        PERFORM tenantry_private.refuse_credential('api_key', tenantry_private.claimed_by_api_key(p_api_key));
    END IF;

    IF v_request_counter IS NOT NULL THEN
        IF v_counted & 2147483647 <= v_rate_limit_per_minute
            AND date_part('epoch', clock_timestamp()) - (v_counted >> 31) BETWEEN -60 AND 60
        THEN
            NULL;
        ELSE
            PERFORM tenantry_private.count_request(v_key, v_rate_limit_per_minute, v_request_counter, v_counted);
        END IF;
    END IF;
    IF v_last_used_at IS NULL OR v_last_used_at < clock_timestamp() - interval '1 minute' THEN
        PERFORM tenantry_private.note_key_use(v_key);
    END IF;
    RETURN tenantry_private.seal_context(v_tenant, NULL, v_role, v_key, v_rate_limit_per_minute, v_expires_at);
END
$$;

COMMENT ON FUNCTION tenantry.authenticate(text) IS 'open the context of an API key for the current transaction';
REVOKE ALL ON FUNCTION tenantry.authenticate(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.authenticate(text) TO tenantry_app, tenantry_gateway;
