-- The highest permission level that this transaction may read and write within its tenant; NULL outside a context.
CREATE OR REPLACE FUNCTION tenantry.current_clearance()
RETURNS text
LANGUAGE plpgsql
STABLE
PARALLEL RESTRICTED
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (tenantry_private.verified_context())[7];
END
$$;

COMMENT ON FUNCTION tenantry.current_clearance() IS 'permission level of the current context, NULL outside one';
REVOKE ALL ON FUNCTION tenantry.current_clearance() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.current_clearance() TO tenantry_admin, tenantry_app, tenantry_gateway, tenantry_auditor;
