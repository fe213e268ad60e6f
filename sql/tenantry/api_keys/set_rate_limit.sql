-- Change how many requests a minute an API key may make; NULL lifts the limit. The minute that is running goes on, with
-- what has been counted in it.
CREATE OR REPLACE FUNCTION tenantry.set_rate_limit(p_key uuid, p_rate_limit_per_minute int)
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_key tenantry_private.api_keys;
    v_counters regclass[];
BEGIN
    PERFORM tenantry_private.check_rate_limit(p_rate_limit_per_minute);
    PERFORM tenantry_private.note_withdrawal();

    SELECT k.* INTO v_key FROM tenantry_private.api_keys AS k WHERE k.key_id = p_key FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'no_data_found',
            MESSAGE = 'API key does not exist',
            HINT = 'Pass the key_id that issue_api_key() returned; tenantry.api_keys lists them.';
    END IF;
    IF p_rate_limit_per_minute IS NOT NULL THEN
        v_counters := CASE
            WHEN v_key.request_counter IS NULL THEN tenantry_private.take_counters(p_key, 2)
            ELSE ARRAY[v_key.request_counter, v_key.refusal_counter]
        END;
    END IF;
    UPDATE tenantry_private.api_keys
    SET rate_limit_per_minute = p_rate_limit_per_minute, request_counter = v_counters[1], refusal_counter = v_counters[2]
    WHERE key_id = p_key;
END
$$;

COMMENT ON FUNCTION tenantry.set_rate_limit(uuid, int) IS 'change how many requests a minute an API key may make';
REVOKE ALL ON FUNCTION tenantry.set_rate_limit(uuid, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.set_rate_limit(uuid, int) TO tenantry_admin;
