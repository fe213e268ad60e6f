-- Bound the time for which a context stays valid within its transaction. One hour unless changed.
CREATE OR REPLACE FUNCTION tenantry.set_context_lifetime(p_lifetime interval)
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF tenantry_private.seconds_between(p_lifetime, '1 microsecond', '7 days') IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'invalid context lifetime',
            HINT = 'Use an interval above zero and of at most 7 days.';
    END IF;
    -- Stored in seconds, so that reading it back does not depend on the session's IntervalStyle.
    PERFORM tenantry_private.set_configuration('context_lifetime', extract(epoch FROM p_lifetime) || ' seconds');
END
$$;

COMMENT ON FUNCTION tenantry.set_context_lifetime(interval) IS 'set for how long a context stays valid within its transaction';
REVOKE ALL ON FUNCTION tenantry.set_context_lifetime(interval) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.set_context_lifetime(interval) TO tenantry_admin;
