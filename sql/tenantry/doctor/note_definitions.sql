-- Note what tenantry is made of. The last thing that an installation or upgrade does.
CREATE OR REPLACE FUNCTION tenantry_private.note_definitions()
RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
    DELETE FROM tenantry_private.installed_definitions;
    INSERT INTO tenantry_private.installed_definitions (object_name, definition, server_major)
    SELECT d.object, d.definition, CASE WHEN d.is_deparsed THEN tenantry_private.server_version() / 10000 END
    FROM tenantry_private.own_definitions() AS d;
$$;

COMMENT ON FUNCTION tenantry_private.note_definitions() IS 'note what tenantry is made of';
REVOKE ALL ON FUNCTION tenantry_private.note_definitions() FROM PUBLIC;

SELECT tenantry_private.note_definitions();
