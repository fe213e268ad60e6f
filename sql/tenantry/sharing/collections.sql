-- The current tenant's collections.
CREATE OR REPLACE VIEW tenantry.collections WITH (security_invoker = true) AS
SELECT
    c.collection_id,
    c.collection,
    c.created_at
FROM tenantry_private.own_collections() AS c;

COMMENT ON VIEW tenantry.collections IS 'the current tenant''s collections';
REVOKE ALL ON TABLE tenantry.collections FROM PUBLIC;
GRANT SELECT ON TABLE tenantry.collections TO tenantry_admin, tenantry_app, tenantry_gateway;
