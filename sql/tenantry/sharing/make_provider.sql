-- The provider's container, which a database has from its first use on.
CREATE OR REPLACE FUNCTION tenantry_private.make_provider()
RETURNS uuid
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_provider CONSTANT uuid := uuid '00000000-0000-0000-0000-000000000000';
BEGIN
    INSERT INTO tenantry.tenants (tenant_id, slug, name, status)
    VALUES (v_provider, v_provider::text, 'Shared by the provider', 'container')
    ON CONFLICT (tenant_id) DO NOTHING;
    RETURN v_provider;
END
$$;

COMMENT ON FUNCTION tenantry_private.make_provider() IS 'make the container of the provider''s shared rows, and return its id';
REVOKE ALL ON FUNCTION tenantry_private.make_provider() FROM PUBLIC;
