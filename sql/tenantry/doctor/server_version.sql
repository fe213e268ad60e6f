-- The version of the server, as a number. Apart, so that tests can pretend.
CREATE OR REPLACE FUNCTION tenantry_private.server_version()
RETURNS int
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT current_setting('server_version_num')::int;
$$;

COMMENT ON FUNCTION tenantry_private.server_version() IS 'version of the server';
REVOKE ALL ON FUNCTION tenantry_private.server_version() FROM PUBLIC;
