-- The highest permission level that this transaction may read and write within its tenant; NULL outside a context.
-- Inlined, hence BEGIN ATOMIC instead of a search_path.
CREATE OR REPLACE FUNCTION tenantry.current_clearance()
RETURNS text
LANGUAGE sql
STABLE
PARALLEL RESTRICTED
BEGIN ATOMIC
    SELECT (tenantry_private.verified_context())[5];
END;

COMMENT ON FUNCTION tenantry.current_clearance() IS 'permission level of the current context, NULL outside one';
REVOKE ALL ON FUNCTION tenantry.current_clearance() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.current_clearance() TO tenantry_admin, tenantry_app, tenantry_gateway, tenantry_auditor;
