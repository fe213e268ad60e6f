-- Event triggers belong to whoever installs the extension: PostgreSQL wants a superuser, and some managed servers let nobody
-- make any. There the extension works without its guard, and set_guard() says so.
DO $$
BEGIN
    CREATE EVENT TRIGGER tenantry_note_commands ON ddl_command_end EXECUTE FUNCTION tenantry_private.note_commands();
    ALTER EVENT TRIGGER tenantry_note_commands ENABLE ALWAYS;
    CREATE EVENT TRIGGER tenantry_note_drops ON sql_drop EXECUTE FUNCTION tenantry_private.note_drops();
    ALTER EVENT TRIGGER tenantry_note_drops ENABLE ALWAYS;
EXCEPTION WHEN insufficient_privilege THEN
    NULL;
END
$$;
