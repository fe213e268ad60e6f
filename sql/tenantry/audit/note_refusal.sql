-- What follows a refused credential where the transaction goes on: the context that was open before is closed, and the failure stands
-- in the system's trail. Not in that of the claimed tenant: nobody writes there without its credential, nor learns whether
-- it exists. A read only transaction leaves it to the server log.
CREATE OR REPLACE FUNCTION tenantry_private.note_refusal(p_method text, p_claimed_tenant uuid)
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM tenantry.leave_tenant();
    IF current_setting('transaction_read_only') = 'off' THEN
        PERFORM tenantry_private.write_audit(
            NULL, 'authentication_failed', p_details => jsonb_build_object(
                'method', p_method, 'claimed_tenant', p_claimed_tenant, 'client', host(inet_client_addr())
            )
        );
    END IF;
END
$$;

COMMENT ON FUNCTION tenantry_private.note_refusal(text, uuid) IS 'close the context and record a failed authentication';
REVOKE ALL ON FUNCTION tenantry_private.note_refusal(text, uuid) FROM PUBLIC;
