-- The time for which an old key goes on working, in seconds, or the error that it cannot be that.
CREATE OR REPLACE FUNCTION tenantry_private.check_overlap(p_overlap interval)
RETURNS interval
LANGUAGE plpgsql
IMMUTABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_overlap CONSTANT interval := tenantry_private.seconds_between(p_overlap, '0', '1 year');
BEGIN
    IF v_overlap IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'the overlap is out of range',
            HINT = 'Pass an interval of zero to one year, for which the old key goes on working.';
    END IF;
    RETURN v_overlap;
END
$$;

COMMENT ON FUNCTION tenantry_private.check_overlap(interval) IS 'an overlap in seconds, or the error that it is out of range';
REVOKE ALL ON FUNCTION tenantry_private.check_overlap(interval) FROM PUBLIC;
