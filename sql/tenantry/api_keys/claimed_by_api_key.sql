-- The tenant that a well-formed API key names; NULL for anything else. It proves nothing, and holds nothing of the secret.
-- Inlined, hence BEGIN ATOMIC instead of a search_path.
CREATE OR REPLACE FUNCTION tenantry_private.claimed_by_api_key(p_api_key text)
RETURNS uuid
LANGUAGE sql
IMMUTABLE
BEGIN ATOMIC
    SELECT pg_catalog.substring(
        pg_catalog.left(p_api_key, 128), '^sk_([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})_[0-9a-f]{64}$'
    )::uuid;
END;

COMMENT ON FUNCTION tenantry_private.claimed_by_api_key(text) IS 'tenant that a well-formed API key names';
REVOKE ALL ON FUNCTION tenantry_private.claimed_by_api_key(text) FROM PUBLIC;
