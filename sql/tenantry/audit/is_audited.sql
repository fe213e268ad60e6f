-- Whether every statement that changes a relation is recorded: all four triggers of set_audit() are there and fire.
CREATE OR REPLACE FUNCTION tenantry.is_audited(p_relation regclass)
RETURNS boolean
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT count(*) = 4
    FROM pg_trigger AS t
    WHERE t.tgrelid = p_relation AND t.tgfoid = 'tenantry.audit_changes'::regproc AND t.tgenabled IN ('O', 'A')
        AND t.tgname IN ('tenantry_audit_insert', 'tenantry_audit_update', 'tenantry_audit_delete', 'tenantry_audit_truncate');
$$;

COMMENT ON FUNCTION tenantry.is_audited(regclass) IS 'whether every statement that changes a relation is recorded';
REVOKE ALL ON FUNCTION tenantry.is_audited(regclass) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.is_audited(regclass) TO tenantry_admin, tenantry_auditor;
