-- ALWAYS, so that session_replication_role does not silence them.
CREATE TRIGGER tenantry_number_schema
BEFORE INSERT ON tenantry_private.managed_schemas
FOR EACH ROW EXECUTE FUNCTION tenantry_private.number_schema();
ALTER TABLE tenantry_private.managed_schemas ENABLE ALWAYS TRIGGER tenantry_number_schema;

-- For each statement, so that they come after tenantry_audit_…: who restores in parallel would otherwise hold the guard's lock
-- while it waits for the audit log, on which another makes an index and waits for the guard.
CREATE TRIGGER tenantry_watch
AFTER INSERT ON tenantry_private.managed_schemas
REFERENCING NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION tenantry_private.watch_schema();
ALTER TABLE tenantry_private.managed_schemas ENABLE ALWAYS TRIGGER tenantry_watch;

CREATE TRIGGER tenantry_watch_insert
AFTER INSERT ON tenantry_private.configuration
REFERENCING NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION tenantry_private.watch_mode();
ALTER TABLE tenantry_private.configuration ENABLE ALWAYS TRIGGER tenantry_watch_insert;

CREATE TRIGGER tenantry_watch_update
AFTER UPDATE ON tenantry_private.configuration
REFERENCING NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION tenantry_private.watch_mode();
ALTER TABLE tenantry_private.configuration ENABLE ALWAYS TRIGGER tenantry_watch_update;

CREATE CONSTRAINT TRIGGER tenantry_check_pending
AFTER INSERT ON tenantry_private.pending_checks
DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION tenantry_private.check_pending();
ALTER TABLE tenantry_private.pending_checks ENABLE ALWAYS TRIGGER tenantry_check_pending;
