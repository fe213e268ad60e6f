-- Close the context before the transaction ends, and the session's with it. Afterwards there are no rows and no writes.
-- A session context that was left stays dead, also for who kept its token; except in a read-only transaction, which cannot
-- move the number.
CREATE OR REPLACE FUNCTION tenantry.leave_tenant()
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM set_config('tenantry.context', '', false), set_config('app.current_tenant_id', '', true);
    IF tenantry_private.is_session_login() AND current_setting('transaction_read_only') = 'off' THEN
        PERFORM nextval('tenantry_private.session_numbers');
    END IF;
END
$$;

COMMENT ON FUNCTION tenantry.leave_tenant() IS 'close the context before the transaction ends';
REVOKE ALL ON FUNCTION tenantry.leave_tenant() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.leave_tenant() TO tenantry_app, tenantry_gateway, tenantry_admin;
