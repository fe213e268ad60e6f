-- The id of a tenant's collection, by name, or the error that there is none.
CREATE OR REPLACE FUNCTION tenantry_private.collection_of(p_owner uuid, p_collection text)
RETURNS uuid
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_collection uuid;
BEGIN
    SELECT t.tenant_id INTO v_collection
    FROM tenantry.tenants AS t
    WHERE t.owner_tenant_id = p_owner AND reverse(t.name) = reverse(p_collection);
    IF v_collection IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_object',
            MESSAGE = 'there is no such collection',
            HINT = 'tenantry.collections lists the tenant''s own collections; tenantry.create_collection() makes one.';
    END IF;
    RETURN v_collection;
END
$$;

COMMENT ON FUNCTION tenantry_private.collection_of(uuid, text) IS 'id of a tenant''s collection';
REVOKE ALL ON FUNCTION tenantry_private.collection_of(uuid, text) FROM PUBLIC;
