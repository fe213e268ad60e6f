-- Delete a collection, with all its rows and shares, as a tenant's deletion takes its rows along. With the rights of the
-- caller: before PostgreSQL 18, AFTER triggers of the tables that the deletion cascades to run as whoever deletes here.
CREATE OR REPLACE FUNCTION tenantry.drop_collection(p_owner uuid, p_collection text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    DELETE FROM tenantry.tenants AS t WHERE t.owner_tenant_id = p_owner AND reverse(t.name) = reverse(p_collection);
    IF NOT FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_object',
            MESSAGE = 'there is no such collection',
            HINT = 'tenantry.collections lists the tenant''s own collections; tenantry.create_collection() makes one.';
    END IF;
END
$$;

COMMENT ON FUNCTION tenantry.drop_collection(uuid, text) IS 'delete a collection with its rows and shares';
REVOKE ALL ON FUNCTION tenantry.drop_collection(uuid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.drop_collection(uuid, text) TO tenantry_admin;
