-- Open the context of the user that a JSON Web Token names, for the current transaction. Whatever is wrong with a token,
-- the answer is the same, from the same line.
CREATE OR REPLACE FUNCTION tenantry.authenticate_jwt(p_token text)
RETURNS tenantry.identity
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_checked CONSTANT tenantry_private.checked_jwt := tenantry_private.check_jwt(p_token);
BEGIN
    IF v_checked.refusal IS NOT NULL THEN
        PERFORM tenantry_private.refuse_credential('jwt', v_checked.tenant_id);
    END IF;
    RETURN tenantry_private.seal_context(
        v_checked.tenant_id, v_checked.user_id, v_checked.role, NULL, NULL, v_checked.expires_at
    );
END
$$;

COMMENT ON FUNCTION tenantry.authenticate_jwt(text) IS 'open the context of a JSON Web Token for the current transaction';
REVOKE ALL ON FUNCTION tenantry.authenticate_jwt(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.authenticate_jwt(text) TO tenantry_app, tenantry_gateway;
