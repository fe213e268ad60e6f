-- The tenant that this transaction acts for; NULL outside a context, an error when the context is not genuine.
-- Policies call it as (SELECT tenantry.current_tenant()), an InitPlan: once a statement, not once a row.
-- Inlined, hence BEGIN ATOMIC instead of a search_path.
CREATE OR REPLACE FUNCTION tenantry.current_tenant()
RETURNS uuid
LANGUAGE sql
STABLE
PARALLEL RESTRICTED
BEGIN ATOMIC
    SELECT (tenantry_private.verified_context())[1]::uuid;
END;

COMMENT ON FUNCTION tenantry.current_tenant() IS 'tenant of the current context, NULL outside one';
REVOKE ALL ON FUNCTION tenantry.current_tenant() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.current_tenant() TO tenantry_admin, tenantry_app, tenantry_gateway, tenantry_auditor;
