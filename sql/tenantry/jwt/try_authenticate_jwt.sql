-- Like authenticate_jwt(), but a bad token is answered by NULL, so that the application's transaction goes on. Whatever
-- context was open before is closed: NULL means no context.
CREATE OR REPLACE FUNCTION tenantry.try_authenticate_jwt(p_token text)
RETURNS tenantry.identity
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN tenantry.authenticate_jwt(p_token);
EXCEPTION WHEN invalid_authorization_specification THEN
    PERFORM tenantry_private.note_refusal('jwt', (tenantry_private.check_jwt(p_token)).tenant_id);
    RETURN NULL;
END
$$;

COMMENT ON FUNCTION tenantry.try_authenticate_jwt(text) IS 'open the context of a JSON Web Token, or return NULL and close any context';
REVOKE ALL ON FUNCTION tenantry.try_authenticate_jwt(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.try_authenticate_jwt(text) TO tenantry_app, tenantry_gateway;
