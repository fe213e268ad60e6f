-- Trigger: records of the audit log are neither changed nor deleted, whoever asks. apply_audit_retention() drops whole
-- months.
CREATE OR REPLACE FUNCTION tenantry_private.refuse_audit_change()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RAISE EXCEPTION USING
        ERRCODE = 'insufficient_privilege',
        MESSAGE = 'the audit log is append-only',
        HINT = 'tenantry.apply_audit_retention() removes what is older than it has to be kept.';
END
$$;

COMMENT ON FUNCTION tenantry_private.refuse_audit_change() IS 'trigger of the audit log: no record changes or goes';
REVOKE ALL ON FUNCTION tenantry_private.refuse_audit_change() FROM PUBLIC;
