-- Sign contexts with a new key from now on. The key before it goes on verifying, so that transactions under way are
-- not disturbed; keys older than that are forgotten.
CREATE OR REPLACE FUNCTION tenantry.rotate_context_key()
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- One rotation at a time: two at once would forget the key that the transactions under way were signed with.
    LOCK TABLE tenantry_private.signing_keys IN SHARE ROW EXCLUSIVE MODE;

    DELETE FROM tenantry_private.signing_keys WHERE NOT is_current;
    UPDATE tenantry_private.signing_keys SET is_current = false WHERE is_current;
    -- The key stays within the query, as in verified_context.
    INSERT INTO tenantry_private.signing_keys (signing_key_id, inner_block, outer_block)
    SELECT
        left(encode(tenantry_private.random_bytes(), 'hex'), 16),
        tenantry_private.hmac_block(fresh.key, 54),
        tenantry_private.hmac_block(fresh.key, 92)
    FROM (SELECT tenantry_private.random_bytes() || tenantry_private.random_bytes() AS key) AS fresh;
END
$$;

COMMENT ON FUNCTION tenantry.rotate_context_key() IS 'sign contexts with a new key, without disturbing open ones';
REVOKE ALL ON FUNCTION tenantry.rotate_context_key() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.rotate_context_key() TO tenantry_admin;
