-- Refuse a transaction that cannot move session_numbers, on which opening and replacing session contexts rests.
CREATE OR REPLACE FUNCTION tenantry_private.refuse_read_only()
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF current_setting('transaction_read_only') = 'on' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'read_only_sql_transaction',
            MESSAGE = 'a session context cannot be opened or overridden in a read-only transaction',
            HINT = 'Do it in a transaction begun with BEGIN READ WRITE. On a standby, authenticate in each transaction.';
    END IF;
END
$$;

COMMENT ON FUNCTION tenantry_private.refuse_read_only() IS 'refuse a read-only transaction';
REVOKE ALL ON FUNCTION tenantry_private.refuse_read_only() FROM PUBLIC;
