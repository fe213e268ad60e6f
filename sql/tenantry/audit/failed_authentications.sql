-- How often authentication has failed, by kind of credential. Aborted transactions count; read only ones cannot, and
-- stand in the server log alone.
CREATE OR REPLACE VIEW tenantry.failed_authentications AS
SELECT
    'api_key' AS credential,
    CASE WHEN k.is_called THEN k.last_value ELSE 0 END AS failures
FROM tenantry_private.refused_api_keys AS k
UNION ALL
SELECT
    'jwt' AS credential,
    CASE WHEN j.is_called THEN j.last_value ELSE 0 END AS failures
FROM tenantry_private.refused_jwts AS j;

COMMENT ON VIEW tenantry.failed_authentications IS 'number of failed authentications by kind of credential';
REVOKE ALL ON TABLE tenantry.failed_authentications FROM PUBLIC;
GRANT SELECT ON TABLE tenantry.failed_authentications TO tenantry_admin, tenantry_auditor;
