-- Which organization of which issuer is which tenant.
CREATE OR REPLACE VIEW tenantry.jwt_organizations AS
SELECT
    o.issuer,
    o.organization,
    o.tenant_id
FROM tenantry_private.jwt_organizations AS o;

COMMENT ON VIEW tenantry.jwt_organizations IS 'tenants of organizations that an issuer names in its own way';
REVOKE ALL ON TABLE tenantry.jwt_organizations FROM PUBLIC;
GRANT SELECT ON TABLE tenantry.jwt_organizations TO tenantry_admin;
