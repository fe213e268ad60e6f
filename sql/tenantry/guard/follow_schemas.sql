-- Let managed schemas follow what became of them: renamed, or numbered anew, by pg_upgrade or because they were dropped and
-- created again. The name of a dropped schema stays managed, or dropping and creating it would be a way out.
CREATE OR REPLACE FUNCTION tenantry_private.follow_schemas()
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE tenantry_private.managed_schemas AS m
    SET schema_oid = n.oid
    FROM pg_namespace AS n
    WHERE n.nspname = m.schema_name AND n.oid <> m.schema_oid;
    UPDATE tenantry_private.managed_schemas AS m
    SET schema_oid = 0
    WHERE m.schema_oid <> 0 AND NOT EXISTS (SELECT FROM pg_namespace AS n WHERE n.oid = m.schema_oid);
    DELETE FROM tenantry_private.managed_schemas AS m
    USING pg_namespace AS n
    WHERE n.oid = m.schema_oid AND n.nspname <> m.schema_name
        AND EXISTS (SELECT FROM tenantry_private.managed_schemas AS o WHERE o.schema_name = n.nspname);
    UPDATE tenantry_private.managed_schemas AS m
    SET schema_name = n.nspname
    FROM pg_namespace AS n
    WHERE n.oid = m.schema_oid AND n.nspname <> m.schema_name;
END
$$;

COMMENT ON FUNCTION tenantry_private.follow_schemas() IS 'let managed schemas follow a rename, or a new number';
REVOKE ALL ON FUNCTION tenantry_private.follow_schemas() FROM PUBLIC;
