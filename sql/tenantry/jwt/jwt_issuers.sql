-- What an admin may know of the issuers: everything.
CREATE OR REPLACE VIEW tenantry.jwt_issuers AS
SELECT
    i.issuer,
    i.tenant_id,
    i.audience,
    pg_catalog.array_to_string(i.tenant_claim, '.') AS tenant_claim,
    pg_catalog.array_to_string(i.user_claim, '.') AS user_claim,
    pg_catalog.array_to_string(i.role_claim, '.') AS role_claim,
    i.default_role,
    i.leeway,
    i.members_only
FROM tenantry_private.jwt_issuers AS i;

COMMENT ON VIEW tenantry.jwt_issuers IS 'issuers whose JSON Web Tokens open contexts';
REVOKE ALL ON TABLE tenantry.jwt_issuers FROM PUBLIC;
GRANT SELECT ON TABLE tenantry.jwt_issuers TO tenantry_admin;
