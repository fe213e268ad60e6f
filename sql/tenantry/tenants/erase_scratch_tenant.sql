-- Erase a tenant that was made for a test, with everything that is its own; the audit log keeps what it has. That it is
-- one shows in its slug, so that no customer is ever erased by a test that mistakes an id. With the rights of the caller,
-- as drop_collection() and for the same reason.
CREATE OR REPLACE FUNCTION tenantry.erase_scratch_tenant(p_tenant uuid)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM tenantry.tenants AS t
        WHERE t.tenant_id = p_tenant AND starts_with(t.slug, 'scratch-') AND t.status <> 'container'
    ) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'no_data_found',
            MESSAGE = 'scratch tenant does not exist',
            HINT = 'The slug of a scratch tenant begins with "scratch-". Other tenants are suspended: tenantry.suspend_tenant().';
    END IF;
    -- Withdraws its credentials, also from transactions whose snapshot still shows the tenant.
    PERFORM tenantry.suspend_tenant(p_tenant);
    DELETE FROM tenantry.tenants WHERE tenant_id = p_tenant;
END
$$;

COMMENT ON FUNCTION tenantry.erase_scratch_tenant(uuid) IS 'erase a tenant that was made for a test';
REVOKE ALL ON FUNCTION tenantry.erase_scratch_tenant(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.erase_scratch_tenant(uuid) TO tenantry_admin;
