-- Open the context of an API key for the current transaction, as the function of one argument does, or for the session.
CREATE OR REPLACE FUNCTION tenantry.authenticate(p_api_key text, p_scope text)
RETURNS tenantry.identity
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_withdrawal CONSTANT bigint := tenantry_private.current_withdrawal();
    v_end timestamptz;
    v_identity tenantry.identity;
BEGIN
    IF p_scope = 'transaction' THEN
        RETURN tenantry.authenticate(p_api_key);
    END IF;
    PERFORM tenantry_private.require_session_scope(p_scope);
    v_end := tenantry_private.session_end();
    v_identity := tenantry.authenticate(p_api_key);
    RETURN tenantry_private.seal_session(
        v_identity,
        least(v_end, (SELECT k.expires_at FROM tenantry_private.api_keys AS k WHERE k.key_id = v_identity.key_id)),
        v_withdrawal
    );
END
$$;

COMMENT ON FUNCTION tenantry.authenticate(text, text) IS 'open the context of an API key for the transaction or the session';
REVOKE ALL ON FUNCTION tenantry.authenticate(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.authenticate(text, text) TO tenantry_app, tenantry_gateway;
