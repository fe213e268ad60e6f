-- Issue an API key to a tenant. The key is in the result and nowhere else: only its hash is kept.
CREATE OR REPLACE FUNCTION tenantry.issue_api_key(
    p_tenant uuid,
    p_name text,
    p_role text DEFAULT 'member',
    p_rate_limit_per_minute int DEFAULT NULL,
    p_expires_at timestamptz DEFAULT NULL
)
RETURNS TABLE (key_id uuid, api_key text)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM tenantry_private.require_known_tenant(p_tenant);
    IF p_name IS NULL OR btrim(p_name) = '' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'an API key needs a name',
            HINT = 'Name what the key is for; the name helps to decide which key to revoke.';
    END IF;
    PERFORM tenantry_private.require_role(p_role);
    PERFORM tenantry_private.check_rate_limit(p_rate_limit_per_minute);
    IF p_expires_at <= clock_timestamp() THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'the expiry lies in the past',
            HINT = 'Pass a future time, or leave p_expires_at out for a key that does not expire.';
    END IF;

    RETURN QUERY
    SELECT m.key_id, m.api_key
    FROM tenantry_private.mint_api_key(
        p_tenant, p_name, p_role, p_rate_limit_per_minute, nullif(p_expires_at, 'infinity') - clock_timestamp()
    ) AS m;
END
$$;

COMMENT ON FUNCTION tenantry.issue_api_key(uuid, text, text, int, timestamptz) IS 'issue an API key, shown once';
REVOKE ALL ON FUNCTION tenantry.issue_api_key(uuid, text, text, int, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.issue_api_key(uuid, text, text, int, timestamptz) TO tenantry_admin;
