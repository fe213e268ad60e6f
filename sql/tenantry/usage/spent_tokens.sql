-- The tokens that a tenant has spent since the beginning of a UTC day, as far as this transaction sees. Cut as in usage_of().
CREATE OR REPLACE FUNCTION tenantry_private.spent_tokens(p_tenant uuid, p_since date)
RETURNS bigint
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (
        SELECT least(coalesce(sum(u.tokens), 0), 9223372036854775807)::bigint
        FROM tenantry_private.token_usage AS u
        WHERE u.tenant_id = p_tenant AND u.day >= p_since
    );
END
$$;

COMMENT ON FUNCTION tenantry_private.spent_tokens(uuid, date) IS 'tokens that a tenant has spent since a day';
REVOKE ALL ON FUNCTION tenantry_private.spent_tokens(uuid, date) FROM PUBLIC;
