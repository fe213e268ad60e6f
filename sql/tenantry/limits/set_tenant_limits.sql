-- Say what a tenant may spend and store, in place of what was said before; NULL is no limit. Where there was one, the row
-- stays: deleting it would wait for transactions of the tenant, and every withdrawal would wait for that.
CREATE OR REPLACE FUNCTION tenantry.set_tenant_limits(
    p_tenant uuid,
    p_tokens_per_day bigint DEFAULT NULL,
    p_tokens_per_month bigint DEFAULT NULL,
    p_rows bigint DEFAULT NULL,
    p_bytes bigint DEFAULT NULL
)
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_before tenantry_private.tenant_limits;
    v_counters regclass[];
BEGIN
    IF least(p_tokens_per_day, p_tokens_per_month, p_rows, p_bytes) < 0
        OR greatest(p_tokens_per_day, p_tokens_per_month) > 1000000000000
    THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'a limit is out of range',
            HINT = 'Use zero or more, and for tokens at most 1000000000000; NULL for no limit.';
    END IF;
    PERFORM tenantry_private.note_withdrawal();
    PERFORM tenantry_private.require_known_tenant(p_tenant);

    SELECT l.* INTO v_before FROM tenantry_private.tenant_limits AS l WHERE l.tenant_id = p_tenant FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        IF num_nonnulls(p_tokens_per_day, p_tokens_per_month, p_rows, p_bytes) = 0 THEN
            RETURN;
        END IF;
        v_counters := tenantry_private.take_counters(p_tenant, 7);
        INSERT INTO tenantry_private.tenant_limits
        VALUES (
            p_tenant, p_tokens_per_day, p_tokens_per_month, p_rows, p_bytes,
            v_counters[1], v_counters[2], v_counters[3], v_counters[4], v_counters[5], v_counters[6], v_counters[7]
        );
        RETURN;
    END IF;
    -- What had no limit was not charged meanwhile: begin with what is recorded.
    IF v_before.tokens_per_day IS NULL AND v_before.tokens_per_month IS NULL THEN
        PERFORM setval(v_before.day_counter, 0), setval(v_before.month_counter, 0);
    END IF;
    IF v_before.max_rows IS NULL AND v_before.max_bytes IS NULL THEN
        PERFORM setval(v_before.row_bound, 0), setval(v_before.byte_bound, 0);
    END IF;
    UPDATE tenantry_private.tenant_limits
    SET tokens_per_day = p_tokens_per_day, tokens_per_month = p_tokens_per_month, max_rows = p_rows, max_bytes = p_bytes
    WHERE tenant_id = p_tenant;
END
$$;

COMMENT ON FUNCTION tenantry.set_tenant_limits(uuid, bigint, bigint, bigint, bigint) IS 'say what a tenant may spend and store';
REVOKE ALL ON FUNCTION tenantry.set_tenant_limits(uuid, bigint, bigint, bigint, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.set_tenant_limits(uuid, bigint, bigint, bigint, bigint) TO tenantry_admin;
