-- Refuse a credential: count it where a rollback cannot reach, say so in the server log, and raise the one answer that
-- every bad credential gets. The method is api_key or jwt. The claimed tenant is what a well-formed credential says of
-- itself, proven by nothing; no other part of a credential may reach this function.
CREATE OR REPLACE FUNCTION tenantry_private.refuse_credential(p_method text, p_claimed_tenant uuid)
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- A standby and a read only transaction cannot count; they still log.
    IF current_setting('transaction_read_only') = 'off' THEN
        PERFORM nextval(format('tenantry_private.refused_%ss', p_method)::regclass);
    END IF;
    RAISE LOG '%', jsonb_build_object(
        'event', 'authentication_failed',
        'method', p_method,
        'claimed_tenant', p_claimed_tenant,
        'login', session_user,
        'client', host(inet_client_addr()),
        'pid', pg_backend_pid()
    );
    RAISE EXCEPTION USING
        ERRCODE = 'invalid_authorization_specification',
        MESSAGE = 'invalid credential',
        HINT = 'Check that the credential is complete, neither revoked nor expired, and that its tenant is active.';
END
$$;

COMMENT ON FUNCTION tenantry_private.refuse_credential(text, uuid) IS 'count, log and refuse a bad credential';
REVOKE ALL ON FUNCTION tenantry_private.refuse_credential(text, uuid) FROM PUBLIC;
