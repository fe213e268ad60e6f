-- Which tenant shares the rows that bear a tenant id, with the current tenant; NULL for its own rows and its collections',
-- and for whatever is not shared with it. The id is sought among what is, never in a table: the transaction's own statistics
-- would tell whether it was found.
CREATE OR REPLACE FUNCTION tenantry.shared_by(p_tenant uuid)
RETURNS uuid
LANGUAGE plpgsql
STABLE
PARALLEL RESTRICTED
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_tenant CONSTANT uuid := tenantry.current_tenant();
BEGIN
    RETURN (
        SELECT s.owner_tenant_id
        FROM tenantry_private.accepted_shares AS a
        INNER JOIN tenantry_private.shares AS s ON a.share_id = s.share_id
        WHERE a.grantee_tenant_id = v_tenant
            AND p_tenant = ANY(
                ARRAY(SELECT t.tenant_id FROM tenantry.tenants AS t WHERE s.collection_id IN (t.tenant_id, t.owner_tenant_id))
            )
        LIMIT 1
    );
END
$$;

COMMENT ON FUNCTION tenantry.shared_by(uuid) IS 'which tenant shares rows with the current tenant, NULL for its own';
REVOKE ALL ON FUNCTION tenantry.shared_by(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.shared_by(uuid) TO tenantry_admin, tenantry_app, tenantry_gateway;
