-- What tenants may spend and store, and what they have spent and stored: of the tenants that the policy of
-- tenantry.tenants shows to whoever reads. A function gathers it, so no plan tells of other tenants' rows.
CREATE OR REPLACE VIEW tenantry.tenant_limits WITH (security_invoker = true, security_barrier = true) AS
SELECT
    t.tenant_id,
    l.tokens_per_day,
    l.tokens_today,
    l.tokens_per_month,
    l.tokens_this_month,
    l.max_rows,
    l.stored_rows,
    l.max_bytes,
    l.stored_bytes,
    l.refusals
FROM tenantry.tenants AS t
CROSS JOIN LATERAL tenantry_private.limits_of(t.tenant_id) AS l;

COMMENT ON VIEW tenantry.tenant_limits IS 'limits of the current tenant and what is used of them; of every tenant for an admin';
REVOKE ALL ON TABLE tenantry.tenant_limits FROM PUBLIC;
GRANT SELECT ON TABLE tenantry.tenant_limits TO tenantry_admin, tenantry_app, tenantry_auditor;
