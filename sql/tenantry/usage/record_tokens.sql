-- Charge and record what a tenant has spent, itself or in one of its collections. Recorded is in a row that no other transaction
-- holds, or in a new one. Above READ COMMITTED it is always a new one, because a row that has changed since the snapshot would be
-- an error.
CREATE OR REPLACE FUNCTION tenantry_private.record_tokens(p_tenant uuid, p_model text, p_requests bigint, p_tokens bigint)
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_today CONSTANT date := (clock_timestamp() AT TIME ZONE 'UTC')::date;
    -- As much of it as an index takes.
    v_model CONSTANT text := left(coalesce(p_model, ''), 255);
    v_tenant uuid := p_tenant;
    v_context text[];
    v_key uuid := uuid '00000000-0000-0000-0000-000000000000';
BEGIN
    IF current_setting('tenantry.context', true) <> '' THEN
        v_context := tenantry_private.verified_context();
    END IF;
    IF v_context[1] IS DISTINCT FROM p_tenant::text THEN
        v_tenant := coalesce((SELECT t.owner_tenant_id FROM tenantry.tenants AS t WHERE t.tenant_id = p_tenant), p_tenant);
    END IF;
    IF v_context[1] = v_tenant::text THEN
        v_key := coalesce(nullif(v_context[7], '')::uuid, v_key);
    END IF;
    IF p_tokens > 0 THEN
        PERFORM tenantry_private.charge_tokens(v_tenant, p_tokens);
    END IF;

    IF current_setting('transaction_isolation') = 'read committed' THEN
        UPDATE tenantry_private.token_usage AS u
        SET requests = u.requests + p_requests, tokens = u.tokens + p_tokens
        WHERE u.ctid = (
            SELECT f.ctid
            FROM tenantry_private.token_usage AS f
            WHERE f.tenant_id = v_tenant AND f.day = v_today AND f.model = v_model AND f.key_id = v_key
            LIMIT 1
            FOR NO KEY UPDATE SKIP LOCKED
        );
        IF FOUND THEN
            RETURN;
        END IF;
    END IF;
    INSERT INTO tenantry_private.token_usage (tenant_id, day, model, key_id, requests, tokens)
    VALUES (v_tenant, v_today, v_model, v_key, p_requests, p_tokens);
END
$$;

COMMENT ON FUNCTION tenantry_private.record_tokens(uuid, text, bigint, bigint) IS 'charge and record tokens that a tenant spends';
REVOKE ALL ON FUNCTION tenantry_private.record_tokens(uuid, text, bigint, bigint) FROM PUBLIC;
