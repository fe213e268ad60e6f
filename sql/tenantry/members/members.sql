-- The registered users: an admin and an auditor see those of every tenant, everybody else those of the current one, by
-- index. A barrier, so that no function in a query sees a row before these conditions have passed it.
CREATE OR REPLACE VIEW tenantry.members WITH (security_barrier = true) AS
SELECT
    m.tenant_id,
    m.user_id,
    m.role,
    m.added_at
FROM tenantry_private.members AS m
WHERE
    m.tenant_id OPERATOR(pg_catalog.=) (SELECT tenantry.current_tenant())
    AND NOT (pg_catalog.pg_has_role('tenantry_admin', 'USAGE') OR pg_catalog.pg_has_role('tenantry_auditor', 'USAGE'))
UNION ALL
SELECT
    m.tenant_id,
    m.user_id,
    m.role,
    m.added_at
FROM tenantry_private.members AS m
WHERE pg_catalog.pg_has_role('tenantry_admin', 'USAGE') OR pg_catalog.pg_has_role('tenantry_auditor', 'USAGE');

COMMENT ON VIEW tenantry.members IS 'registered users and their roles, of the current tenant; of every tenant for an admin';
REVOKE ALL ON TABLE tenantry.members FROM PUBLIC;
GRANT SELECT ON TABLE tenantry.members TO tenantry_admin, tenantry_app, tenantry_gateway, tenantry_auditor;
