-- Park what a search has found in a cursor, for search() to fetch: the way back of parked_query().
CREATE OR REPLACE FUNCTION tenantry.park_hits(
    p_ids text[], p_contents text[], p_distances float8[], p_scores float8[], p_metadata jsonb[], p_tenants uuid[]
)
RETURNS refcursor
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_hits refcursor;
BEGIN
    OPEN v_hits FOR SELECT p_ids, p_contents, p_distances, p_scores, p_metadata, p_tenants;
    RETURN v_hits;
END
$$;

COMMENT ON FUNCTION tenantry.park_hits(text[], text[], float8[], float8[], jsonb[], uuid[]) IS 'park the hits of a search in a cursor';
REVOKE ALL ON FUNCTION tenantry.park_hits(text[], text[], float8[], float8[], jsonb[], uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.park_hits(text[], text[], float8[], float8[], jsonb[], uuid[])
TO tenantry_admin, tenantry_app, tenantry_gateway;
