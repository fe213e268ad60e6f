-- A table and, where it is partitioned, all its partitions.
CREATE OR REPLACE FUNCTION tenantry.relations_of(p_table regclass)
RETURNS SETOF regclass
LANGUAGE plpgsql
STABLE
ROWS 3
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY SELECT p_table UNION SELECT t.relid FROM pg_partition_tree(p_table) AS t ORDER BY 1;
END
$$;

COMMENT ON FUNCTION tenantry.relations_of(regclass) IS 'a table and all its partitions';
REVOKE ALL ON FUNCTION tenantry.relations_of(regclass) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.relations_of(regclass) TO tenantry_admin, tenantry_auditor;
