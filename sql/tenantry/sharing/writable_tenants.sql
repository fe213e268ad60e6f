-- Whose rows of a shared table the current context may write: its tenant's, and those of that tenant's collections if it
-- may publish. Nobody's outside a context, or an error if one is required: for rows that are written.
CREATE OR REPLACE FUNCTION tenantry.writable_tenants(p_is_required boolean)
RETURNS SETOF uuid
LANGUAGE plpgsql
STABLE
ROWS 3
PARALLEL RESTRICTED
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_fields CONSTANT text[] := tenantry_private.verified_context();
    v_tenant CONSTANT uuid := v_fields[1]::uuid;
BEGIN
    IF v_tenant IS NULL THEN
        IF p_is_required THEN
            PERFORM tenantry.require_tenant();
        END IF;
        RETURN;
    END IF;
    RETURN NEXT v_tenant;
    IF EXISTS (SELECT FROM tenantry.tenants AS t WHERE t.owner_tenant_id = v_tenant) THEN
        IF tenantry_private.may_publish(v_fields[5]) THEN
            RETURN QUERY SELECT t.tenant_id FROM tenantry.tenants AS t WHERE t.owner_tenant_id = v_tenant;
        END IF;
    END IF;
END
$$;

COMMENT ON FUNCTION tenantry.writable_tenants(boolean) IS 'tenants whose rows of a shared table the current context may write';
REVOKE ALL ON FUNCTION tenantry.writable_tenants(boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.writable_tenants(boolean) TO tenantry_admin, tenantry_app, tenantry_gateway, tenantry_auditor;
