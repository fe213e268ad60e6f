-- Make a collection of the current tenant: a container for rows that can be shared with other tenants. Rows are put into it
-- by giving its id as their tenant. Returns the id, also of a collection that exists.
CREATE OR REPLACE FUNCTION tenantry.create_collection(p_collection text)
RETURNS uuid
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_tenant CONSTANT uuid := tenantry_private.require_publisher();
    v_collection CONSTANT uuid := gen_random_uuid();
BEGIN
    IF p_collection IS NULL OR btrim(p_collection) = '' OR length(p_collection) > 255 THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'invalid name of a collection',
            HINT = 'Use 1 to 255 characters that are not all blank.';
    END IF;
    -- Every statement that reads a shared table lists them.
    IF (SELECT count(*) FROM tenantry.tenants AS t WHERE t.owner_tenant_id = v_tenant) >= 100 THEN
        RAISE EXCEPTION USING
            ERRCODE = 'configuration_limit_exceeded',
            MESSAGE = 'a tenant has at most 100 collections',
            HINT = 'Put the rows into a collection that exists; tenantry.collections lists them.';
    END IF;
    INSERT INTO tenantry.tenants (tenant_id, slug, name, status, owner_tenant_id)
    VALUES (v_collection, v_collection::text, p_collection, 'container', v_tenant)
    ON CONFLICT DO NOTHING;
    RETURN tenantry_private.collection_of(v_tenant, p_collection);
END
$$;

COMMENT ON FUNCTION tenantry.create_collection(text) IS 'make a collection of the current tenant and return its id';
REVOKE ALL ON FUNCTION tenantry.create_collection(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.create_collection(text) TO tenantry_admin, tenantry_app, tenantry_gateway;
