-- What tenants spend and store, for billing: of the tenants that the policy of tenantry.tenants shows to whoever reads.
-- The Stripe customer is for those who may read it there. A function gathers it, so no plan tells of other tenants' rows.
CREATE OR REPLACE VIEW tenantry.tenant_usage WITH (security_invoker = true, security_barrier = true) AS
SELECT
    t.tenant_id,
    CASE
        WHEN pg_catalog.has_column_privilege('tenantry.tenants', 'stripe_customer_id', 'SELECT') THEN u.stripe_customer_id
    END AS stripe_customer_id,
    u.day,
    u.model,
    u.key_id,
    u.requests,
    u.tokens,
    u.stored_rows,
    u.stored_bytes
FROM tenantry.tenants AS t
CROSS JOIN LATERAL tenantry_private.usage_of(t.tenant_id) AS u;

COMMENT ON VIEW tenantry.tenant_usage IS 'what the current tenant spends and stores; what every tenant does for an admin';
REVOKE ALL ON TABLE tenantry.tenant_usage FROM PUBLIC;
GRANT SELECT ON TABLE tenantry.tenant_usage TO tenantry_admin, tenantry_app, tenantry_auditor;
