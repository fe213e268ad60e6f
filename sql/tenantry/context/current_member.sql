-- The user that this transaction acts for, as the application names its users; NULL outside a context and for a
-- credential that names no user.
CREATE OR REPLACE FUNCTION tenantry.current_member()
RETURNS text
LANGUAGE plpgsql
STABLE
PARALLEL RESTRICTED
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN convert_from(decode(nullif((tenantry_private.verified_context())[8], ''), 'hex'), 'UTF8');
END
$$;

COMMENT ON FUNCTION tenantry.current_member() IS 'user of the current context, NULL outside one';
REVOKE ALL ON FUNCTION tenantry.current_member() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.current_member() TO tenantry_admin, tenantry_app, tenantry_gateway, tenantry_auditor;
