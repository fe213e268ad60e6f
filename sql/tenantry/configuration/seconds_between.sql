-- An interval in seconds alone, or NULL where it is not between two others. Compared as it is, a month is 30 days, and added to
-- a time it may be 31: 12 mons -360 days equals zero and is five days.
CREATE OR REPLACE FUNCTION tenantry_private.seconds_between(p_interval interval, p_least interval, p_most interval)
RETURNS interval
LANGUAGE sql
IMMUTABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE
        WHEN extract(epoch FROM p_interval) BETWEEN extract(epoch FROM p_least) AND extract(epoch FROM p_most)
            THEN make_interval(secs => extract(epoch FROM p_interval)::float8)
    END;
$$;

COMMENT ON FUNCTION tenantry_private.seconds_between(interval, interval, interval) IS 'an interval in seconds, if it is between two others';
REVOKE ALL ON FUNCTION tenantry_private.seconds_between(interval, interval, interval) FROM PUBLIC;
