-- TNT511: extensions of tenantry's that are older than what the server has installed.
CREATE OR REPLACE FUNCTION tenantry_private.check_extension_versions()
RETURNS TABLE (code text, object text, detail text, remedy text)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        'TNT511',
        format('extension %I', e.extname),
        format('is %s; the server has %s', e.extversion, a.default_version),
        format('ALTER EXTENSION %I UPDATE;', e.extname)
    FROM pg_extension AS e
    INNER JOIN pg_available_extensions() AS a ON e.extname = a.name
    WHERE e.extname IN ('tenantry', 'tenantry_jwt', 'tenantry_search') AND e.extversion <> a.default_version;
$$;

COMMENT ON FUNCTION tenantry_private.check_extension_versions() IS 'find extensions that are behind their installed version';
REVOKE ALL ON FUNCTION tenantry_private.check_extension_versions() FROM PUBLIC;
