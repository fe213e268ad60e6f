-- TNT708: managed schemas that nothing watches, because the guard is off or its event triggers are gone or disabled.
CREATE OR REPLACE FUNCTION tenantry_private.check_guard()
RETURNS TABLE (code text, object text, detail text, remedy text)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        'TNT708',
        'guard',
        format('%s is managed, and %s', string_agg(quote_ident(m.schema_name), ', ' ORDER BY m.schema_name), g.fault),
        g.remedy
    FROM tenantry_private.managed_schemas AS m
    CROSS JOIN (
        SELECT
            CASE
                WHEN tenantry.guard_mode() = 'off' THEN 'the guard is off'
                ELSE 'the event triggers of the guard are missing or disabled'
            END AS fault,
            CASE
                WHEN tenantry_private.has_event_triggers() THEN 'SELECT tenantry.set_guard(''enforce'');'
                ELSE '-- A superuser: ALTER EVENT TRIGGER tenantry_note_commands ENABLE ALWAYS; the same of tenantry_note_drops.'
            END AS remedy
    ) AS g
    WHERE tenantry.guard_mode() = 'off' OR NOT tenantry_private.has_event_triggers()
    GROUP BY g.fault, g.remedy;
$$;

COMMENT ON FUNCTION tenantry_private.check_guard() IS 'find managed schemas that nothing watches';
REVOKE ALL ON FUNCTION tenantry_private.check_guard() FROM PUBLIC;
