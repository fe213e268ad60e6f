-- Count a request of a limited key where authenticate() has not, and refuse it when the minute's requests are used up.
-- Counted is by a sequence: no request waits for another, and no rollback gives one back. It holds the second in which the
-- minute began, shifted by 31 bits, plus the number of requests since. A minute begins with the first request after the
-- one before it has ended.
CREATE OR REPLACE FUNCTION tenantry_private.count_request(p_key uuid, p_limit int, p_counter regclass, p_counted bigint)
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_counted bigint := p_counted;
    v_elapsed bigint;
BEGIN
    IF v_counted IS NULL THEN
        IF current_setting('transaction_read_only') = 'on' THEN
            RAISE EXCEPTION USING
                ERRCODE = 'read_only_sql_transaction',
                MESSAGE = 'requests of a key with a rate limit cannot be counted in a read-only transaction',
                HINT = 'Begin the transaction READ WRITE, on the primary, or have an admin lift the limit by set_rate_limit().';
        END IF;
        -- An old snapshot could show a counter that has another holder now.
        PERFORM tenantry_private.refuse_stale_snapshot();
        v_counted := nextval(p_counter);
    END IF;

    -- Seconds are cut off, so more than 60 of them are a minute at least. A clock that was set back ends the minute too.
    v_elapsed := floor(date_part('epoch', clock_timestamp()))::bigint - (v_counted >> 31);
    IF v_elapsed NOT BETWEEN -60 AND 60 THEN
        v_counted := tenantry_private.open_window(p_counter);
        v_elapsed := floor(date_part('epoch', clock_timestamp()))::bigint - (v_counted >> 31);
    END IF;
    IF v_counted & 2147483647 > p_limit THEN
        PERFORM nextval(k.refusal_counter) FROM tenantry_private.api_keys AS k WHERE k.key_id = p_key;
        RAISE EXCEPTION USING
            ERRCODE = 'configuration_limit_exceeded',
            MESSAGE = 'rate limit reached',
            HINT = format('Wait %s seconds. The key may make %s requests a minute.', 61 - v_elapsed, p_limit);
    END IF;
END
$$;

COMMENT ON FUNCTION tenantry_private.count_request(uuid, int, regclass, bigint) IS 'count a request of a limited key, or refuse it';
REVOKE ALL ON FUNCTION tenantry_private.count_request(uuid, int, regclass, bigint) FROM PUBLIC;
