-- Sign the statement "this transaction acts for this tenant, user, role and clearance" and make it current.
-- The caller has already verified a credential; this function trusts its arguments. Returns when the context expires.
--
-- The token is fields joined by '|', none of which can contain one:
--   1 tenant  2 signing key  3 backend  4 start of the transaction  5 virtual transaction  6 expiry
--   7 clearance  8 role  9 API key  10 user (hex)  11 HMAC-SHA-256 of all before it
-- Times are the eight bytes of timestamptz_send in hex: exact, independent of settings, and ordered as text.
-- The tenant leads at a fixed width, for the column default (claimed_tenant).
CREATE OR REPLACE FUNCTION tenantry_private.seal_context(
    p_tenant uuid, p_user text, p_role text, p_clearance text, p_key uuid, p_expires_at timestamptz
)
RETURNS timestamptz
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_key record;
    v_expires_at timestamptz;
    v_body text;
BEGIN
    PERFORM tenantry_private.refuse_session_residue();

    SELECT
        k.signing_key_id, k.inner_block, k.outer_block,
        coalesce((SELECT c.value FROM tenantry_private.configuration AS c WHERE c.name = 'context_lifetime'), '1 hour')::interval AS lifetime
    INTO STRICT v_key
    FROM tenantry_private.signing_keys AS k
    ORDER BY k.created_at DESC
    LIMIT 1;

    v_expires_at := least(clock_timestamp() + v_key.lifetime, p_expires_at);
    v_body := concat(
        p_tenant, '|', v_key.signing_key_id, '|', pg_backend_pid(), '|',
        encode(timestamptz_send(transaction_timestamp()), 'hex'), '|',
        -- The start names the transaction, unless the message that started it is still being processed: only that
        -- message could go on to start another with the same time.
        CASE WHEN statement_timestamp() = transaction_timestamp() THEN tenantry_private.virtual_transaction() END, '|',
        encode(timestamptz_send(v_expires_at), 'hex'), '|',
        p_clearance, '|', p_role, '|', p_key, '|', encode(convert_to(p_user, 'UTF8'), 'hex')
    );
    PERFORM set_config(
        'tenantry.context',
        concat(v_body, '|', encode(
            sha256(v_key.outer_block || sha256(v_key.inner_block || convert_to(v_body, 'UTF8'))), 'hex'
        )),
        true
    );
    RETURN v_expires_at;
END
$$;

COMMENT ON FUNCTION tenantry_private.seal_context(uuid, text, text, text, uuid, timestamptz) IS 'sign a context for the current transaction and make it current';
REVOKE ALL ON FUNCTION tenantry_private.seal_context(uuid, text, text, text, uuid, timestamptz) FROM PUBLIC;
