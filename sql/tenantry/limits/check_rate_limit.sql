-- Refuse a rate limit that is none; NULL is no limit.
CREATE OR REPLACE FUNCTION tenantry_private.check_rate_limit(p_rate_limit_per_minute int)
RETURNS void
LANGUAGE plpgsql
IMMUTABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF p_rate_limit_per_minute <= 0 THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'a rate limit must be above zero',
            HINT = 'Pass NULL for no limit.';
    END IF;
END
$$;

COMMENT ON FUNCTION tenantry_private.check_rate_limit(int) IS 'refuse an invalid rate limit';
REVOKE ALL ON FUNCTION tenantry_private.check_rate_limit(int) FROM PUBLIC;
