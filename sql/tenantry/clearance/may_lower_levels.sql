-- Whether the current context may lower the permission level of a row; NULL outside a context.
CREATE OR REPLACE FUNCTION tenantry.may_lower_levels()
RETURNS boolean
LANGUAGE plpgsql
STABLE
PARALLEL RESTRICTED
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_role CONSTANT text := (tenantry_private.verified_context())[6];
BEGIN
    IF v_role IS NULL THEN
        RETURN NULL;
    END IF;
    RETURN tenantry_private.role_may_lower(v_role);
END
$$;

COMMENT ON FUNCTION tenantry.may_lower_levels() IS 'whether the current context may lower permission levels, NULL outside one';
REVOKE ALL ON FUNCTION tenantry.may_lower_levels() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.may_lower_levels() TO tenantry_admin, tenantry_app, tenantry_gateway, tenantry_auditor;
