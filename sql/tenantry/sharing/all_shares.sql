-- Every share of the database, for admins. The collection is NULL for all of the provider's rows.
CREATE OR REPLACE VIEW tenantry.all_shares AS
SELECT
    s.table_name,
    s.collection_id,
    s.owner_tenant_id,
    s.grantee_tenant_id,
    s.created_at,
    a.accepted_at,
    CASE WHEN s.collection_id OPERATOR(pg_catalog.<>) s.owner_tenant_id THEN t.name END AS collection
FROM tenantry_private.shares AS s
INNER JOIN tenantry.tenants AS t ON s.collection_id OPERATOR(pg_catalog.=) t.tenant_id
LEFT JOIN tenantry_private.accepted_shares AS a ON s.share_id OPERATOR(pg_catalog.=) a.share_id;

COMMENT ON VIEW tenantry.all_shares IS 'every share of this database';
REVOKE ALL ON TABLE tenantry.all_shares FROM PUBLIC;
GRANT SELECT ON TABLE tenantry.all_shares TO tenantry_admin;
