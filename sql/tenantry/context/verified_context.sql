-- The fields of the current context (see seal_context), or NULL outside one. Everything rests on this function:
-- whatever stands in the setting was put there by seal_context, in this transaction of this backend, or by seal_session,
-- in this session, or is refused. Contexts of transactions are verified first and do not pay for those of sessions.
CREATE OR REPLACE FUNCTION tenantry_private.verified_context()
RETURNS text[]
LANGUAGE plpgsql
STABLE
PARALLEL RESTRICTED
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_token CONSTANT text := current_setting('tenantry.context', true);
    v_fields text[];
    v_is_authentic boolean;
BEGIN
    IF v_token IS NULL OR v_token = '' THEN
        RETURN tenantry_private.unsealed_context();
    END IF;

    v_fields := string_to_array(v_token, '|');
    -- Digests of the two MACs are compared, so that the time taken tells nothing about the right one. The key stays within
    -- the query: a variable of PL/pgSQL can become a constant of a plan, which any session may have printed.
    SELECT
        sha256(convert_to(encode(sha256(k.outer_block || sha256(
            k.inner_block || int4send(pg_backend_pid()) || timestamptz_send(transaction_timestamp())
            || convert_to(left(v_token, -64), 'UTF8')
        )), 'hex'), 'UTF8')) = sha256(convert_to(v_fields[9], 'UTF8'))
    INTO v_is_authentic
    FROM tenantry_private.signing_keys AS k
    WHERE k.signing_key_id = v_fields[2];
    -- A statement of its own: an expression pays for every function that it names, called or not.
    IF v_is_authentic AND v_fields[4] <> '' THEN
        v_is_authentic := v_fields[4] = tenantry_private.virtual_transaction();
    END IF;
    IF v_is_authentic IS NOT TRUE THEN
        IF NOT tenantry_private.verify_session(v_token, v_fields) THEN
            RAISE EXCEPTION USING
                ERRCODE = 'insufficient_privilege',
                MESSAGE = 'tenant context is not valid',
                HINT = 'A context holds for one transaction. Open it in this one, with tenantry.authenticate().';
        END IF;
    END IF;
    IF v_fields[3] COLLATE "C" <= encode(timestamptz_send(clock_timestamp()), 'hex') THEN
        RAISE EXCEPTION USING
            ERRCODE = 'insufficient_privilege',
            MESSAGE = 'tenant context has expired',
            HINT = 'Start a new transaction and authenticate again.';
    END IF;
    RETURN v_fields;
END
$$;

COMMENT ON FUNCTION tenantry_private.verified_context() IS 'fields of the current context after verification, NULL outside one';
REVOKE ALL ON FUNCTION tenantry_private.verified_context() FROM PUBLIC;
-- For the functions that are inlined into a caller's query. Without USAGE on the schema nobody calls it by name.
GRANT EXECUTE ON FUNCTION tenantry_private.verified_context() TO tenantry_admin, tenantry_app, tenantry_gateway, tenantry_auditor;
