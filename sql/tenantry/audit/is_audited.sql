-- Whether every statement that changes a relation is recorded: all four triggers of set_audit() are there and fire, for all
-- rows, whatever the condition.
CREATE OR REPLACE FUNCTION tenantry.is_audited(p_relation regclass)
RETURNS boolean
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (
        SELECT count(*) = 4
        FROM pg_trigger AS t
        INNER JOIN (
            -- AFTER, and for each statement.
            VALUES ('tenantry_audit_insert', 4), ('tenantry_audit_delete', 8), ('tenantry_audit_update', 16), ('tenantry_audit_truncate', 32)
        ) AS e (trigger_name, event) ON t.tgname = e.trigger_name AND t.tgtype = e.event
        WHERE t.tgrelid = p_relation AND t.tgfoid = 'tenantry.audit_changes'::regproc AND t.tgenabled IN ('O', 'A')
            AND t.tgqual IS NULL AND t.tgnargs = 0
    );
END
$$;

COMMENT ON FUNCTION tenantry.is_audited(regclass) IS 'whether every statement that changes a relation is recorded';
REVOKE ALL ON FUNCTION tenantry.is_audited(regclass) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.is_audited(regclass) TO tenantry_admin, tenantry_auditor;
