-- Who the current transaction acts for.
CREATE TYPE tenantry.identity AS (
    tenant_id uuid,
    user_id text,
    role text,
    clearance text,
    key_id uuid,
    rate_limit_per_minute int,
    expires_at timestamptz
);

COMMENT ON TYPE tenantry.identity IS 'who a context acts for: tenant, user, role, clearance, key, its limit, and when it expires';
REVOKE ALL ON TYPE tenantry.identity FROM PUBLIC;
GRANT USAGE ON TYPE tenantry.identity TO tenantry_admin, tenantry_app, tenantry_gateway, tenantry_auditor;
