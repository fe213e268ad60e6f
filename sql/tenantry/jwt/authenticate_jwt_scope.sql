-- Open the context of a JSON Web Token for the current transaction, as the function of one argument does, or for the
-- session. That ends when the token does, and with the next withdrawal: a token is not kept, to be looked up again.
CREATE OR REPLACE FUNCTION tenantry.authenticate_jwt(p_token text, p_scope text)
RETURNS tenantry.identity
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_withdrawal CONSTANT bigint := tenantry_private.current_withdrawal();
    v_end timestamptz;
    v_checked tenantry_private.checked_jwt;
    v_identity tenantry.identity;
BEGIN
    IF p_scope = 'transaction' THEN
        RETURN tenantry.authenticate_jwt(p_token);
    END IF;
    PERFORM tenantry_private.require_session_scope(p_scope);
    v_end := tenantry_private.session_end();
    v_checked := tenantry_private.check_jwt(p_token);
    IF v_checked.refusal IS NOT NULL THEN
        PERFORM tenantry_private.refuse_credential('jwt', v_checked.tenant_id);
    END IF;
    v_identity := tenantry_private.seal_context(v_checked.tenant_id, v_checked.user_id, v_checked.role, NULL, NULL, NULL);
    RETURN tenantry_private.seal_session(v_identity, least(v_end, v_checked.expires_at), v_withdrawal);
END
$$;

COMMENT ON FUNCTION tenantry.authenticate_jwt(text, text) IS 'open the context of a JSON Web Token for the transaction or the session';
REVOKE ALL ON FUNCTION tenantry.authenticate_jwt(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.authenticate_jwt(text, text) TO tenantry_app, tenantry_gateway;
