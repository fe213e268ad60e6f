-- Let managed schemas follow what became of them: renamed, or numbered anew, by pg_upgrade or because they were dropped and
-- created again. The name of a schema that was dropped or renamed stays managed, or putting another in its place would be a
-- way out.
CREATE OR REPLACE FUNCTION tenantry_private.follow_schemas()
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_renamed record;
BEGIN
    UPDATE tenantry_private.managed_schemas AS m
    SET schema_oid = n.oid
    FROM pg_namespace AS n
    WHERE n.nspname = m.schema_name AND n.oid <> m.schema_oid;
    UPDATE tenantry_private.managed_schemas AS m
    SET schema_oid = 0
    WHERE m.schema_oid <> 0 AND NOT EXISTS (
        SELECT FROM pg_namespace AS n
        WHERE n.oid = m.schema_oid
            AND (n.nspname = m.schema_name OR n.nspname NOT IN (SELECT o.schema_name FROM tenantry_private.managed_schemas AS o))
    );
    FOR v_renamed IN
        SELECT m.schema_name AS former_name, n.nspname AS new_name, m.managed_by, m.managed_at
        FROM tenantry_private.managed_schemas AS m
        INNER JOIN pg_namespace AS n ON m.schema_oid = n.oid
        WHERE m.schema_name <> n.nspname
    LOOP
        UPDATE tenantry_private.managed_schemas AS m
        SET schema_name = v_renamed.new_name
        WHERE m.schema_name = v_renamed.former_name;
        INSERT INTO tenantry_private.managed_schemas (schema_name, schema_oid, managed_by, managed_at)
        VALUES (v_renamed.former_name, 0, v_renamed.managed_by, v_renamed.managed_at);
    END LOOP;
END
$$;

COMMENT ON FUNCTION tenantry_private.follow_schemas() IS 'let managed schemas follow a rename, or a new number';
REVOKE ALL ON FUNCTION tenantry_private.follow_schemas() FROM PUBLIC;
