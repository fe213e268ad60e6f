-- Extend the context that this transaction has just opened to the whole session. The token differs from that of
-- seal_context() in its fourth field, s<session>.<override>.<withdrawal>, three numbers, and in what its MAC covers beside the fields:
-- the backend's pid and a prefix in place of the transaction's start. So neither kind verifies as the other. The database
-- is part of it because a copy of one has the same keys and goes on with the same numbers.
-- Moving the session number ends the session context before.
CREATE OR REPLACE FUNCTION tenantry_private.seal_session(p_identity tenantry.identity, p_expires_at timestamptz, p_withdrawal bigint)
RETURNS tenantry.identity
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_identity tenantry.identity := p_identity;
    v_signing_key text;
    v_mac text;
    v_body text;
BEGIN
    v_identity.expires_at := p_expires_at;
    SELECT k.signing_key_id INTO STRICT v_signing_key FROM tenantry_private.signing_keys AS k WHERE k.is_current;
    v_body := concat(
        v_identity.tenant_id, '|', v_signing_key, '|', encode(timestamptz_send(p_expires_at), 'hex'),
        '|s', nextval('tenantry_private.session_numbers'), '.', nextval('tenantry_private.session_overrides'), '.', p_withdrawal, '|',
        v_identity.clearance, '|', v_identity.role, '|', v_identity.key_id, '|',
        encode(convert_to(v_identity.user_id, 'UTF8'), 'hex'), '|'
    );
    -- The key stays within the query, as in verified_context.
    SELECT
        encode(sha256(k.outer_block || sha256(
            k.inner_block || int4send(pg_backend_pid()) || convert_to(concat('session ', current_database(), ' ', v_body), 'UTF8')
        )), 'hex')
    INTO STRICT v_mac
    FROM tenantry_private.signing_keys AS k
    WHERE k.signing_key_id = v_signing_key;
    PERFORM set_config('tenantry.context', v_body || v_mac, false);
    RETURN v_identity;
END
$$;

COMMENT ON FUNCTION tenantry_private.seal_session(tenantry.identity, timestamptz, bigint)
IS 'extend the context of this transaction to the session';
REVOKE ALL ON FUNCTION tenantry_private.seal_session(tenantry.identity, timestamptz, bigint) FROM PUBLIC;
