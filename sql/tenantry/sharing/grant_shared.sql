-- Let a tenant read the provider's shared rows of a table: all of them, or those of one collection.
CREATE OR REPLACE FUNCTION tenantry.grant_shared(p_tenant uuid, p_table regclass, p_collection text DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_provider CONSTANT uuid := tenantry_private.make_provider();
BEGIN
    PERFORM tenantry_private.refuse_unshared(p_table);
    PERFORM tenantry_private.require_known_tenant(p_tenant);
    WITH granted AS (
        INSERT INTO tenantry_private.shares AS s (grantee_tenant_id, table_name, collection_id, owner_tenant_id)
        VALUES (
            p_tenant, p_table,
            CASE WHEN p_collection IS NULL THEN v_provider ELSE tenantry_private.collection_of(v_provider, p_collection) END,
            v_provider
        )
        ON CONFLICT DO NOTHING
        RETURNING s.share_id
    )

    INSERT INTO tenantry_private.accepted_shares (share_id, grantee_tenant_id) SELECT g.share_id, p_tenant FROM granted AS g;
END
$$;

COMMENT ON FUNCTION tenantry.grant_shared(uuid, regclass, text) IS 'let a tenant read the provider''s shared rows of a table';
REVOKE ALL ON FUNCTION tenantry.grant_shared(uuid, regclass, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.grant_shared(uuid, regclass, text) TO tenantry_admin;
