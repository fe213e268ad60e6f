-- What an admin may know of the keys: everything but the secrets.
CREATE OR REPLACE VIEW tenantry.jwt_keys AS
SELECT
    k.issuer,
    k.kid,
    k.algorithm,
    k.public_key,
    k.added_at,
    least(k.unpublished_at, k.retired_at) AS ends_at,
    k.retired_at IS NOT NULL AS is_retired
FROM tenantry_private.jwt_keys AS k;

COMMENT ON VIEW tenantry.jwt_keys IS 'keys that verify JSON Web Tokens, without secrets';
REVOKE ALL ON TABLE tenantry.jwt_keys FROM PUBLIC;
GRANT SELECT ON TABLE tenantry.jwt_keys TO tenantry_admin;
