-- Change a tenant's status, or say that there is no such tenant.
CREATE OR REPLACE FUNCTION tenantry_private.set_tenant_status(p_tenant uuid, p_status text)
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM tenantry_private.note_withdrawal();
    UPDATE tenantry.tenants SET status = p_status WHERE tenant_id = p_tenant AND status <> 'container';
    IF NOT FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'no_data_found',
            MESSAGE = 'tenant does not exist',
            HINT = 'tenantry.tenants lists the tenants of this database.';
    END IF;
END
$$;

COMMENT ON FUNCTION tenantry_private.set_tenant_status(uuid, text) IS 'change the status of a tenant';
REVOKE ALL ON FUNCTION tenantry_private.set_tenant_status(uuid, text) FROM PUBLIC;
