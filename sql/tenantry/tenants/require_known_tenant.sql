-- Refuse what is no tenant. A container is none: nothing is issued to it, and nobody belongs to it.
CREATE OR REPLACE FUNCTION tenantry_private.require_known_tenant(p_tenant uuid)
RETURNS void
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM tenantry.tenants AS t WHERE t.tenant_id = p_tenant AND t.status <> 'container') THEN
        RAISE EXCEPTION USING
            ERRCODE = 'no_data_found',
            MESSAGE = 'tenant does not exist',
            HINT = 'tenantry.tenants lists the tenants of this database.';
    END IF;
END
$$;

COMMENT ON FUNCTION tenantry_private.require_known_tenant(uuid) IS 'refuse what is no tenant';
REVOKE ALL ON FUNCTION tenantry_private.require_known_tenant(uuid) FROM PUBLIC;
