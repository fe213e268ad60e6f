-- Count a request of a limited key, and refuse it when the minute's requests are used up. Counted is by a sequence: no
-- request waits for another, and no rollback gives one back. The sequence holds the second in which the minute began,
-- shifted by 31 bits, plus the number of requests since. A minute begins with the first request after the one before it.
CREATE OR REPLACE FUNCTION tenantry_private.count_request(p_limit int, p_counter regclass, p_refusal_counter regclass)
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_value bigint;
    v_elapsed bigint;
BEGIN
    IF current_setting('transaction_read_only') = 'on' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'read_only_sql_transaction',
            MESSAGE = 'requests of a key with a rate limit cannot be counted in a read-only transaction',
            HINT = 'Begin the transaction READ WRITE, on the primary, or have an admin lift the limit by set_rate_limit().';
    END IF;

    v_value := nextval(p_counter);
    -- Seconds are cut off, so more than 60 of them are a minute at least. A clock that was set back ends the minute too.
    v_elapsed := floor(date_part('epoch', clock_timestamp()))::bigint - (v_value >> 31);
    IF v_elapsed NOT BETWEEN -60 AND 60 THEN
        v_value := tenantry_private.open_window(p_counter);
        v_elapsed := floor(date_part('epoch', clock_timestamp()))::bigint - (v_value >> 31);
    END IF;
    IF v_value & 2147483647 > p_limit THEN
        PERFORM nextval(p_refusal_counter);
        RAISE EXCEPTION USING
            ERRCODE = 'configuration_limit_exceeded',
            MESSAGE = 'rate limit reached',
            HINT = format('Wait %s seconds. The key may make %s requests a minute.', 61 - v_elapsed, p_limit);
    END IF;
END
$$;

COMMENT ON FUNCTION tenantry_private.count_request(int, regclass, regclass) IS 'count a request of a limited key, or refuse it';
REVOKE ALL ON FUNCTION tenantry_private.count_request(int, regclass, regclass) FROM PUBLIC;
