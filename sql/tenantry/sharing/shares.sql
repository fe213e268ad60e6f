-- What the current tenant shares, and what is shared with it.
CREATE OR REPLACE VIEW tenantry.shares WITH (security_invoker = true) AS
SELECT
    s.table_name,
    s.collection_id,
    s.collection,
    s.owner_tenant_id,
    s.grantee_tenant_id,
    s.created_at,
    s.accepted_at
FROM tenantry_private.own_shares() AS s;

COMMENT ON VIEW tenantry.shares IS 'what the current tenant shares, and what is shared with it';
REVOKE ALL ON TABLE tenantry.shares FROM PUBLIC;
GRANT SELECT ON TABLE tenantry.shares TO tenantry_admin, tenantry_app, tenantry_gateway;
