-- The parent's own trigger; each partition has one as well. ALWAYS, so that session_replication_role does not silence it.
CREATE TRIGGER tenantry_refuse_audit_change
BEFORE UPDATE OR DELETE OR TRUNCATE ON tenantry.audit_log
FOR EACH STATEMENT EXECUTE FUNCTION tenantry_private.refuse_audit_change();
ALTER TABLE tenantry.audit_log ENABLE ALWAYS TRIGGER tenantry_refuse_audit_change;

CREATE TRIGGER tenantry_make_audit_salt
AFTER INSERT ON tenantry.tenants
FOR EACH ROW EXECUTE FUNCTION tenantry_private.make_audit_salt();
ALTER TABLE tenantry.tenants ENABLE ALWAYS TRIGGER tenantry_make_audit_salt;

CREATE TRIGGER tenantry_make_audit_salt
BEFORE INSERT ON tenantry_private.audit_salts
FOR EACH ROW EXECUTE FUNCTION tenantry_private.make_audit_salt();
ALTER TABLE tenantry_private.audit_salts ENABLE ALWAYS TRIGGER tenantry_make_audit_salt;
