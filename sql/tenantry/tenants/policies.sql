-- Who sees which tenant. Apart from the table's file because the policy needs current_tenant(). It asks for the claim too, here
-- and in the audit log, for the reason that tenant_policies() gives: before any row is read.
ALTER TABLE tenantry.tenants ENABLE ROW LEVEL SECURITY;

CREATE POLICY tenants_operator ON tenantry.tenants
FOR SELECT TO tenantry_admin, tenantry_auditor, tenantry_gateway
USING (true);

-- For drop_collection().
CREATE POLICY tenants_collections ON tenantry.tenants
FOR DELETE TO tenantry_admin
USING (owner_tenant_id IS NOT NULL);

-- For erase_scratch_tenant().
CREATE POLICY tenants_scratch ON tenantry.tenants
FOR DELETE TO tenantry_admin
USING (pg_catalog.starts_with(slug, 'scratch-'));

CREATE POLICY tenants_own ON tenantry.tenants
FOR SELECT TO tenantry_app
USING (
    tenant_id OPERATOR(pg_catalog.=) (SELECT tenantry.current_tenant())
    AND (SELECT tenantry.claimed_tenant()) OPERATOR(pg_catalog.=) tenant_id
);
