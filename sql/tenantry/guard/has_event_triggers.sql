-- Whether the event triggers of the guard are there and fire, whatever session_replication_role says. From PostgreSQL 17 on a
-- setting switches them all off.
CREATE OR REPLACE FUNCTION tenantry_private.has_event_triggers()
RETURNS boolean
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT count(*) = 2 AND coalesce(current_setting('event_triggers', true), 'on') = 'on'
    FROM pg_event_trigger AS t
    WHERE t.evtenabled = 'A' AND t.evttags IS NULL
        AND (t.evtevent, t.evtfoid) IN (
            ('ddl_command_end', 'tenantry_private.note_commands'::regproc), ('sql_drop', 'tenantry_private.note_drops'::regproc)
        );
$$;

COMMENT ON FUNCTION tenantry_private.has_event_triggers() IS 'whether the event triggers of the guard are there and fire';
REVOKE ALL ON FUNCTION tenantry_private.has_event_triggers() FROM PUBLIC;
