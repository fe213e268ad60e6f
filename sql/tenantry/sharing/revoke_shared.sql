-- Take back what was shared with a tenant: by the provider, or by the tenant named as owner. It holds from the commit on,
-- for every statement that begins then. What is not shared is left alone.
CREATE OR REPLACE FUNCTION tenantry.revoke_shared(
    p_tenant uuid, p_table regclass, p_collection text DEFAULT NULL, p_owner uuid DEFAULT '00000000-0000-0000-0000-000000000000'
)
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    DELETE FROM tenantry_private.shares AS s
    WHERE s.grantee_tenant_id = p_tenant AND s.table_name = p_table
        AND s.collection_id = CASE WHEN p_collection IS NULL THEN p_owner ELSE tenantry_private.collection_of(p_owner, p_collection) END;
END
$$;

COMMENT ON FUNCTION tenantry.revoke_shared(uuid, regclass, text, uuid) IS 'take back what was shared with a tenant';
REVOKE ALL ON FUNCTION tenantry.revoke_shared(uuid, regclass, text, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.revoke_shared(uuid, regclass, text, uuid) TO tenantry_admin;
