-- Whether a credential would still open the context that it opened for this session. It would where nothing at all has
-- been withdrawn since. A key is looked up again; a token is not at hand any more, and has to be presented again.
CREATE OR REPLACE FUNCTION tenantry_private.is_upheld(p_fields text[])
RETURNS boolean
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF split_part(p_fields[4], '.', 3) = (SELECT w.last_value::text FROM tenantry_private.last_withdrawal AS w) THEN
        RETURN true;
    END IF;
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
