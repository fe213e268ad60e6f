-- Offer the rows of a table that lie in a collection of the current tenant to another tenant, for reading. The other one
-- sees them once it accepts. It goes through just alike for a tenant that does not exist.
CREATE OR REPLACE FUNCTION tenantry.share_collection(p_table regclass, p_collection text, p_with uuid)
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_tenant CONSTANT uuid := tenantry_private.require_publisher();
    v_collection CONSTANT uuid := tenantry_private.collection_of(v_tenant, p_collection);
BEGIN
    PERFORM tenantry_private.refuse_unshared(p_table);
    IF p_with IS NULL OR p_with = v_tenant THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'a collection is shared with another tenant',
            HINT = 'Pass the other tenant''s id in p_with.';
    END IF;
    INSERT INTO tenantry_private.shares (grantee_tenant_id, table_name, collection_id, owner_tenant_id)
    VALUES (p_with, p_table, v_collection, v_tenant)
    ON CONFLICT DO NOTHING;
END
$$;

COMMENT ON FUNCTION tenantry.share_collection(regclass, text, uuid) IS 'offer a collection of the current tenant to another tenant';
REVOKE ALL ON FUNCTION tenantry.share_collection(regclass, text, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.share_collection(regclass, text, uuid) TO tenantry_admin, tenantry_app, tenantry_gateway;
