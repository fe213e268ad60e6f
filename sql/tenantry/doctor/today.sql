-- The date in UTC. Apart, so that tests can pretend.
CREATE OR REPLACE FUNCTION tenantry_private.today()
RETURNS date
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT (now() AT TIME ZONE 'UTC')::date;
$$;

COMMENT ON FUNCTION tenantry_private.today() IS 'the date in UTC';
REVOKE ALL ON FUNCTION tenantry_private.today() FROM PUBLIC;
