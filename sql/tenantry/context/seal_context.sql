-- Sign the statement "this transaction acts for this tenant, user and role" and make it current. The caller has already
-- verified a credential. Returns the identity, with the clearance of the role and the time when the context expires.
--
-- The token is fields joined by '|', none of which can contain one:
--   1 tenant  2 signing key  3 expiry  4 virtual transaction  5 clearance  6 role  7 API key  8 user (hex)  9 MAC
-- The MAC is HMAC-SHA-256 over the backend's pid, the start of the transaction and the fields before it, so a context
-- does not verify in another backend or transaction. Times are the eight bytes of timestamptz_send: exact, independent
-- of settings, and in hex ordered as text. The tenant leads at a fixed width, for the column default (claimed_tenant).
--
-- Refused is a session with something that a former transaction, perhaps of another tenant, may have planted: a
-- temporary table or type shadows the real one for every later statement, a held cursor keeps rows, and a statement
-- prepared by SQL may stand under a name that the driver is about to execute. Not so where the session is one person's,
-- see is_own_session().
CREATE OR REPLACE FUNCTION tenantry_private.seal_context(
    p_tenant uuid, p_user text, p_role text, p_key uuid, p_rate_limit_per_minute int, p_expires_at timestamptz
)
RETURNS tenantry.identity
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_temporary CONSTANT oid := pg_my_temp_schema();
    v_has_residue boolean;
    v_is_session_login boolean;
    v_signing_key text;
    v_mac text;
    v_clearance text;
    v_expires_at timestamptz;
    v_virtual_transaction text;
    v_body text;
    v_token text;
BEGIN
    IF current_setting('transaction_isolation') IN ('repeatable read', 'serializable') THEN
        PERFORM tenantry_private.refuse_stale_snapshot();
    END IF;

    -- One query for all but the MAC: this runs in every transaction, and each further one would cost 3 to 8 µs.
    SELECT
        k.signing_key_id,
        coalesce(
            (SELECT r.clearance FROM tenantry_private.role_clearances AS r WHERE r.role = p_role),
            tenantry_private.default_clearance(p_role)
        ),
        least(
            p_expires_at,
            clock_timestamp() + coalesce(
                (SELECT c.value FROM tenantry_private.configuration AS c WHERE c.name = 'context_lifetime'), '1 hour'
            )::interval
        ),
        EXISTS (SELECT FROM pg_prepared_statement() AS s WHERE s.from_sql)
        OR EXISTS (SELECT FROM pg_cursor() AS c WHERE c.is_holdable),
        EXISTS (SELECT FROM tenantry_private.session_logins AS l WHERE l.login_role = session_user)
    INTO STRICT v_signing_key, v_clearance, v_expires_at, v_has_residue, v_is_session_login
    FROM tenantry_private.signing_keys AS k
    WHERE k.is_current;

    IF v_temporary <> 0 THEN
        v_has_residue := v_has_residue OR EXISTS (
            SELECT FROM pg_depend AS d WHERE d.refclassid = 'pg_namespace'::regclass AND d.refobjid = v_temporary
        );
    END IF;
    IF v_has_residue THEN
        IF NOT tenantry_private.is_own_session(p_tenant, p_user, p_key) THEN
            RAISE EXCEPTION USING
                ERRCODE = 'object_not_in_prerequisite_state',
                MESSAGE = 'this session holds temporary objects, held cursors or SQL-prepared statements',
                HINT = 'They could carry data from one tenant to the next. Run DISCARD ALL before the transaction; make temporary tables ON COMMIT DROP, after the context is open.';
        END IF;
    END IF;
    IF v_is_session_login THEN
        PERFORM tenantry_private.note_override(p_tenant, p_user, p_key);
    END IF;
    IF v_clearance IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'unknown role',
            HINT = 'Use viewer, member, manager, owner or a role that set_role_clearance() has made.';
    END IF;

    -- The start names the transaction, unless the message that started it is still being processed: only that message
    -- could go on to start another with the same time.
    IF statement_timestamp() = transaction_timestamp() THEN
        v_virtual_transaction := tenantry_private.virtual_transaction();
    END IF;
    v_body := concat(
        p_tenant, '|', v_signing_key, '|', encode(timestamptz_send(v_expires_at), 'hex'), '|', v_virtual_transaction, '|',
        v_clearance, '|', p_role, '|', p_key, '|', encode(convert_to(p_user, 'UTF8'), 'hex'), '|'
    );
    -- The key stays within the query, as in verified_context.
    SELECT
        encode(sha256(k.outer_block || sha256(
            k.inner_block || int4send(pg_backend_pid()) || timestamptz_send(transaction_timestamp()) || convert_to(v_body, 'UTF8')
        )), 'hex')
    INTO STRICT v_mac
    FROM tenantry_private.signing_keys AS k
    WHERE k.signing_key_id = v_signing_key;
    -- An assignment, not PERFORM, which would start the executor.
    v_token := set_config('tenantry.context', v_body || v_mac, true);
    RETURN ROW(p_tenant, p_user, p_role, v_clearance, p_key, p_rate_limit_per_minute, v_expires_at)::tenantry.identity;
END
$$;

COMMENT ON FUNCTION tenantry_private.seal_context(uuid, text, text, uuid, int, timestamptz)
IS 'sign a context for the current transaction and make it current';
REVOKE ALL ON FUNCTION tenantry_private.seal_context(uuid, text, text, uuid, int, timestamptz) FROM PUBLIC;
