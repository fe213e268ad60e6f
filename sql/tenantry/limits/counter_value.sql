-- The present value of a counter, whatever the snapshot; NULL for no counter, 0 for one that has not counted or was lost in a crash.
CREATE OR REPLACE FUNCTION tenantry_private.counter_value(p_counter regclass)
RETURNS bigint
LANGUAGE plpgsql
STABLE
STRICT
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN coalesce(pg_sequence_last_value(p_counter), 0);
END
$$;

COMMENT ON FUNCTION tenantry_private.counter_value(regclass) IS 'present value of a counter';
REVOKE ALL ON FUNCTION tenantry_private.counter_value(regclass) FROM PUBLIC;
-- For the view api_keys, whose functions run with its reader's rights. Without USAGE on the schema nobody calls it by name.
GRANT EXECUTE ON FUNCTION tenantry_private.counter_value(regclass) TO tenantry_admin;
