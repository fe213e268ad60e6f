-- Whether a credential would still open the context that it opened for this session.
CREATE OR REPLACE FUNCTION tenantry_private.is_upheld(p_fields text[])
RETURNS boolean
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN tenantry_private.is_session_login()
        AND tenantry_private.role_clearance(p_fields[6]) = p_fields[5]
        AND EXISTS (
            SELECT
            FROM tenantry.tenants AS t
            INNER JOIN tenantry_private.api_keys AS k ON t.tenant_id = k.tenant_id
            WHERE t.tenant_id = p_fields[1]::uuid AND t.status = 'active'
                AND k.key_id = nullif(p_fields[7], '')::uuid
                AND k.revoked_at IS NULL
                AND (k.expires_at IS NULL OR k.expires_at > clock_timestamp())
        );
END
$$;

COMMENT ON FUNCTION tenantry_private.is_upheld(text[]) IS 'whether a session context would still be opened';
REVOKE ALL ON FUNCTION tenantry_private.is_upheld(text[]) FROM PUBLIC;
