-- A table and, where it is partitioned, all its partitions. pg_partition_tree() would lock each, and wait for whoever works
-- on one of them.
CREATE OR REPLACE FUNCTION tenantry.relations_of(p_table regclass)
RETURNS SETOF regclass
LANGUAGE plpgsql
STABLE
ROWS 3
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY
    WITH RECURSIVE relations AS (
        SELECT p_table AS relation
        UNION
        SELECT i.inhrelid
        FROM relations AS r
        INNER JOIN pg_inherits AS i ON r.relation = i.inhparent
        INNER JOIN pg_class AS c ON i.inhrelid = c.oid
        WHERE c.relispartition
    )

    SELECT r.relation FROM relations AS r ORDER BY 1;
END
$$;

COMMENT ON FUNCTION tenantry.relations_of(regclass) IS 'a table and all its partitions';
REVOKE ALL ON FUNCTION tenantry.relations_of(regclass) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.relations_of(regclass) TO tenantry_admin, tenantry_auditor;
