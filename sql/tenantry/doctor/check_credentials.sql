-- TNT711, TNT712: credentials that wait to be found, and issuers whose tokens for others are accepted.
CREATE OR REPLACE FUNCTION tenantry_private.check_credentials()
RETURNS TABLE (code text, object text, detail text, remedy text)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        'TNT711',
        'API keys',
        format('%s that never expire have not been used for 90 days', count(*)),
        '-- SELECT tenantry.revoke_api_key(key_id) FROM tenantry.api_keys WHERE …'
    FROM tenantry_private.api_keys AS k
    LEFT JOIN tenantry_private.api_key_uses AS u ON k.key_id = u.key_id
    WHERE k.expires_at IS NULL AND k.revoked_at IS NULL AND k.created_at < now() - interval '90 days'
        AND coalesce(u.last_used_at, '-infinity') < now() - interval '90 days'
    HAVING count(*) > 0
    UNION ALL
    SELECT
        'TNT712',
        format('issuer %s', i.issuer),
        'has no audience: its tokens for other services open contexts here',
        format('SELECT tenantry.set_jwt_issuer(%L, p_audience => ARRAY[''…'']);', i.issuer)
    FROM tenantry_private.jwt_issuers AS i
    WHERE i.audience IS NULL;
$$;

COMMENT ON FUNCTION tenantry_private.check_credentials() IS 'find credentials that nobody misses, and issuers that say too little';
REVOKE ALL ON FUNCTION tenantry_private.check_credentials() FROM PUBLIC;
