-- Charge tokens to a tenant, if it has a limit of them, or refuse what does not fit and charge nothing. As in open_window,
-- the lock is given back at once, and what was charged stays, whatever becomes of the transaction.
CREATE OR REPLACE FUNCTION tenantry_private.charge_tokens(p_tenant uuid, p_tokens bigint)
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_limits tenantry_private.tenant_limits;
    v_now timestamp;
    v_day int;
    v_month int;
    v_in_day bigint;
    v_in_month bigint;
    v_end timestamp;
BEGIN
    SELECT l.* INTO v_limits
    FROM tenantry_private.tenant_limits AS l
    WHERE l.tenant_id = p_tenant AND (l.tokens_per_day IS NOT NULL OR l.tokens_per_month IS NOT NULL);
    IF NOT FOUND THEN
        RETURN;
    END IF;

    v_now := clock_timestamp() AT TIME ZONE 'UTC';
    v_day := v_now::date - date '1970-01-01';
    v_month := date_part('year', v_now)::int * 12 + date_part('month', v_now)::int;
    BEGIN
        -- In most cases this query is all: lock, look, charge. The look depends on the row, so it comes after the lock.
        PERFORM setval(v_limits.day_counter, a.in_day + p_tokens), setval(v_limits.month_counter, a.in_month + p_tokens)
        FROM (
            SELECT c.counter FROM tenantry_private.counters AS c WHERE c.counter = v_limits.day_counter FOR UPDATE
        ) AS l
        CROSS JOIN LATERAL (
            SELECT pg_sequence_last_value(l.counter) AS in_day, pg_sequence_last_value(v_limits.month_counter) AS in_month
        ) AS a
        WHERE a.in_day - (v_day::bigint << 40) BETWEEN 0 AND coalesce(v_limits.tokens_per_day, 1000000000000) - p_tokens
            AND a.in_month - (v_month::bigint << 40) BETWEEN 0 AND coalesce(v_limits.tokens_per_month, 1000000000000) - p_tokens;
        IF FOUND THEN
            RAISE EXCEPTION USING ERRCODE = 'TN000';
        END IF;

        v_now := clock_timestamp() AT TIME ZONE 'UTC';
        v_day := v_now::date - date '1970-01-01';
        v_month := date_part('year', v_now)::int * 12 + date_part('month', v_now)::int;
        v_in_day := tenantry_private.charged_tokens(p_tenant, v_limits.day_counter, v_day, v_now::date);
        v_in_month := tenantry_private.charged_tokens(
            p_tenant, v_limits.month_counter, v_month, date_trunc('month', v_now)::date
        );
        -- A month that is full takes longer to wait for.
        IF p_tokens > v_limits.tokens_per_month - v_in_month THEN
            v_end := date_trunc('month', v_now) + interval '1 month';
        ELSIF p_tokens > v_limits.tokens_per_day - v_in_day THEN
            v_end := date_trunc('day', v_now) + interval '1 day';
        ELSE
            PERFORM
                setval(v_limits.day_counter, (v_day::bigint << 40) + v_in_day + p_tokens),
                setval(v_limits.month_counter, (v_month::bigint << 40) + v_in_month + p_tokens);
        END IF;
        RAISE EXCEPTION USING ERRCODE = 'TN000';
    EXCEPTION WHEN SQLSTATE 'TN000' THEN
        NULL;
    END;

    IF v_end IS NOT NULL THEN
        PERFORM nextval(v_limits.refusal_counter);
        RAISE EXCEPTION USING
            ERRCODE = 'configuration_limit_exceeded',
            MESSAGE = 'token quota reached',
            HINT = CASE
                WHEN p_tokens > least(v_limits.tokens_per_day, v_limits.tokens_per_month)
                    THEN 'The statement alone spends more tokens than the quota of the tenant; ask for a higher one.'
                ELSE format(
                    'Wait %s seconds. Until then, %s tokens are left to the tenant.',
                    ceil(date_part('epoch', v_end - v_now)),
                    greatest(least(v_limits.tokens_per_day - v_in_day, v_limits.tokens_per_month - v_in_month), 0)
                )
            END;
    END IF;
END
$$;

COMMENT ON FUNCTION tenantry_private.charge_tokens(uuid, bigint) IS 'charge tokens to a tenant, or refuse them';
REVOKE ALL ON FUNCTION tenantry_private.charge_tokens(uuid, bigint) FROM PUBLIC;
