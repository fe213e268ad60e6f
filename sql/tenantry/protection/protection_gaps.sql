-- What is missing of a table's protection, one line a gap; empty when it is whole.
CREATE OR REPLACE FUNCTION tenantry.protection_gaps(p_table regclass)
RETURNS text[]
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN ARRAY(SELECT g.gap FROM tenantry.gaps_of_tables(ARRAY[p_table]) AS g);
END
$$;

COMMENT ON FUNCTION tenantry.protection_gaps(regclass) IS 'what is missing of a table''s protection, empty when whole';
REVOKE ALL ON FUNCTION tenantry.protection_gaps(regclass) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.protection_gaps(regclass) TO tenantry_admin, tenantry_auditor;
