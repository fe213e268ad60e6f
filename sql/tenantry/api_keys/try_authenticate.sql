-- Like authenticate(), but a bad credential is answered by NULL, so that the application's transaction goes on. Whatever
-- context was open before is closed: NULL means no context.
CREATE OR REPLACE FUNCTION tenantry.try_authenticate(p_api_key text)
RETURNS tenantry.identity
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN tenantry.authenticate(p_api_key);
EXCEPTION WHEN invalid_authorization_specification THEN
    PERFORM tenantry_private.note_refusal('api_key', tenantry_private.claimed_by_api_key(p_api_key));
    RETURN NULL;
END
$$;

COMMENT ON FUNCTION tenantry.try_authenticate(text) IS 'open the context of an API key, or return NULL and close any context';
REVOKE ALL ON FUNCTION tenantry.try_authenticate(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.try_authenticate(text) TO tenantry_app, tenantry_gateway;
