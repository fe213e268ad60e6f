-- Trigger, where the guard gets a schema to watch: remember what is there. A trigger, so that it happens as well where
-- a dump is restored, whose tables are not whole yet. The lock waits for transactions whose commands are not judged yet, and
-- lets none run until this one has ended.
CREATE OR REPLACE FUNCTION tenantry_private.watch_schema()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM new_rows AS n WHERE n.schema_oid <> 0) THEN
        RETURN NULL;
    END IF;
    LOCK TABLE tenantry_private.pending_checks IN SHARE MODE;
    PERFORM tenantry_private.remember_relations(n.schema_oid) FROM new_rows AS n;
    RETURN NULL;
END
$$;

COMMENT ON FUNCTION tenantry_private.watch_schema() IS 'trigger: remember what is there when the guard gets a schema to watch';
REVOKE ALL ON FUNCTION tenantry_private.watch_schema() FROM PUBLIC;
