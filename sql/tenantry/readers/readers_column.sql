-- The column with the lists of readers; NULL for a table without. From the catalog, as policy_column() does.
CREATE OR REPLACE FUNCTION tenantry.readers_column(p_table regclass)
RETURNS name
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (
        SELECT a.attname
        FROM pg_policy AS p
        INNER JOIN pg_depend AS d
            ON d.classid = 'pg_policy'::regclass AND d.objid = p.oid
                AND d.refclassid = 'pg_class'::regclass AND d.refobjid = p.polrelid AND d.refobjsubid > 0
        INNER JOIN pg_attribute AS a ON a.attrelid = p.polrelid AND a.attnum = d.refobjsubid
        WHERE p.polrelid = p_table AND p.polname = 'tenantry_readers' AND a.atttypid = 'text[]'::regtype
        LIMIT 1
    );
END
$$;

COMMENT ON FUNCTION tenantry.readers_column(regclass) IS 'the column with the lists of readers of a table';
REVOKE ALL ON FUNCTION tenantry.readers_column(regclass) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.readers_column(regclass) TO tenantry_admin, tenantry_auditor;
