-- Trigger, where the guard is switched on: remember what is there. A trigger, so that it happens as well where
-- a dump is restored, whose tables are not whole yet. The lock waits for transactions whose commands are not judged yet, and
-- lets none run until this one has ended.
CREATE OR REPLACE FUNCTION tenantry_private.watch_mode()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM new_rows AS n WHERE n.name = 'guard_mode' AND n.value <> 'off') THEN
        RETURN NULL;
    END IF;
    LOCK TABLE tenantry_private.pending_checks IN SHARE MODE;
    PERFORM tenantry_private.follow_schemas();
    PERFORM tenantry_private.remember_relations();
    RETURN NULL;
END
$$;

COMMENT ON FUNCTION tenantry_private.watch_mode() IS 'trigger: remember what is there when the guard is switched on';
REVOKE ALL ON FUNCTION tenantry_private.watch_mode() FROM PUBLIC;
