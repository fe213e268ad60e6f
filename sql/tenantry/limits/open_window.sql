-- Begin the next minute of a key, or join it if another request has begun it meanwhile, and count this request in it.
-- Returns the counter's value, as in count_request. The lock makes the hand-over exact. It is given back at once by
-- rolling the block back, which the sequence does not feel; so nobody waits for another's transaction here.
CREATE OR REPLACE FUNCTION tenantry_private.open_window(p_counter regclass)
RETURNS bigint
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_now bigint;
    v_value bigint;
BEGIN
    PERFORM FROM tenantry_private.counters AS c WHERE c.counter = p_counter FOR UPDATE;
    v_value := pg_sequence_last_value(p_counter);
    v_now := floor(date_part('epoch', clock_timestamp()))::bigint;
    IF v_now - (v_value >> 31) BETWEEN -60 AND 60 THEN
        v_value := nextval(p_counter);
    ELSE
        v_value := setval(p_counter, v_now << 31 | 1);
    END IF;
    RAISE EXCEPTION USING ERRCODE = 'TN000';
EXCEPTION WHEN SQLSTATE 'TN000' THEN
    RETURN v_value;
END
$$;

COMMENT ON FUNCTION tenantry_private.open_window(regclass) IS 'begin the next minute of a limited key';
REVOKE ALL ON FUNCTION tenantry_private.open_window(regclass) FROM PUBLIC;
