-- The vector that search() has parked in a cursor, for the statement that run_search() has planned. It would otherwise
-- travel through Python as text, and be printed and parsed again on the way.
CREATE OR REPLACE FUNCTION tenantry.parked_query(p_query refcursor, OUT o_vector vector)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    FETCH p_query INTO o_vector;
END
$$;

COMMENT ON FUNCTION tenantry.parked_query(refcursor) IS 'vector that search() has parked in a cursor';
REVOKE ALL ON FUNCTION tenantry.parked_query(refcursor) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.parked_query(refcursor) TO tenantry_admin, tenantry_app, tenantry_gateway;
