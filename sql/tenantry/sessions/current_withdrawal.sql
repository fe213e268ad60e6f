-- The number of the last withdrawal, to be sealed into a session context: read before the credential is looked at. A
-- withdrawal that is not committed yet may concern it, and then -1 is no number that ever compares equal.
CREATE OR REPLACE FUNCTION tenantry_private.current_withdrawal()
RETURNS bigint
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (
        SELECT CASE WHEN pg_visible_in_snapshot(w.last_value::text::xid8, pg_current_snapshot()) THEN w.last_value ELSE -1 END
        FROM tenantry_private.last_withdrawal AS w
    );
END
$$;

COMMENT ON FUNCTION tenantry_private.current_withdrawal() IS 'number of the last withdrawal';
REVOKE ALL ON FUNCTION tenantry_private.current_withdrawal() FROM PUBLIC;
