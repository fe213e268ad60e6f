-- TNT423: routines, tables, triggers and policies of tenantry's own that are not what was installed.
CREATE OR REPLACE FUNCTION tenantry_private.check_own_definitions()
RETURNS TABLE (code text, object text, detail text, remedy text)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        'TNT423',
        i.object_name,
        CASE WHEN d.object IS NULL THEN 'is gone' ELSE 'is not what was installed: its text, owner, options or state' END,
        '-- Find out who changed it and why. ALTER EXTENSION tenantry UPDATE, or a fresh install and a restored dump, bring it back.'
    FROM tenantry_private.installed_definitions AS i
    LEFT JOIN tenantry_private.own_definitions() AS d ON i.object_name = d.object
    WHERE i.definition IS DISTINCT FROM d.definition
        AND coalesce(i.server_major, tenantry_private.server_version() / 10000) = tenantry_private.server_version() / 10000;
$$;

COMMENT ON FUNCTION tenantry_private.check_own_definitions() IS 'find what is no longer as tenantry installed it';
REVOKE ALL ON FUNCTION tenantry_private.check_own_definitions() FROM PUBLIC;
