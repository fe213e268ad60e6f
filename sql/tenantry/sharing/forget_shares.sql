-- Forget what was shared of a table, when it stops or begins to be a shared one: nothing that was granted before takes
-- effect by surprise, not even for a table that has got the number of a dropped one.
CREATE OR REPLACE FUNCTION tenantry.forget_shares(p_table regclass)
RETURNS void
LANGUAGE sql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    DELETE FROM tenantry_private.shares AS s WHERE s.table_name = p_table;
$$;

COMMENT ON FUNCTION tenantry.forget_shares(regclass) IS 'take back everything that was shared of a table';
REVOKE ALL ON FUNCTION tenantry.forget_shares(regclass) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.forget_shares(regclass) TO tenantry_admin;
