-- What an admin may know of the keys: everything but the hash.
CREATE OR REPLACE VIEW tenantry.api_keys AS
SELECT
    k.key_id,
    k.tenant_id,
    k.name,
    k.role,
    k.rate_limit_per_minute,
    k.created_at,
    k.expires_at,
    k.revoked_at,
    u.last_used_at,
    tenantry_private.counter_value(c.counter) AS refused_requests
FROM tenantry_private.api_keys AS k
LEFT JOIN tenantry_private.api_key_uses AS u ON k.key_id OPERATOR(pg_catalog.=) u.key_id
LEFT JOIN tenantry_private.counters AS c
    ON k.refusal_counter OPERATOR(pg_catalog.=) c.counter AND k.key_id OPERATOR(pg_catalog.=) c.holder;

COMMENT ON VIEW tenantry.api_keys IS 'API keys of all tenants, without anything that authenticates';
REVOKE ALL ON TABLE tenantry.api_keys FROM PUBLIC;
GRANT SELECT ON TABLE tenantry.api_keys TO tenantry_admin;
