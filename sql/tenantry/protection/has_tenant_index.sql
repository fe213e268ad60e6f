-- Whether a table has an index that finds a tenant's rows: a B-tree over all rows that begins with the tenant column.
CREATE OR REPLACE FUNCTION tenantry.has_tenant_index(p_table regclass, p_tenant_column name)
RETURNS boolean
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (
        SELECT EXISTS (
            SELECT
            FROM pg_index AS i
            INNER JOIN pg_class AS x ON i.indexrelid = x.oid
            INNER JOIN pg_am AS m ON x.relam = m.oid
            INNER JOIN pg_attribute AS a ON i.indrelid = a.attrelid AND i.indkey[0] = a.attnum
            WHERE i.indrelid = p_table AND i.indisvalid AND i.indpred IS NULL AND m.amname = 'btree' AND a.attname = p_tenant_column
        )
    );
END
$$;

COMMENT ON FUNCTION tenantry.has_tenant_index(regclass, name) IS 'whether a B-tree that begins with the tenant covers a table';
REVOKE ALL ON FUNCTION tenantry.has_tenant_index(regclass, name) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.has_tenant_index(regclass, name) TO tenantry_admin, tenantry_auditor;
