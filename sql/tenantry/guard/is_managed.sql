-- Whether everything in a schema has to be protected or exempt.
CREATE OR REPLACE FUNCTION tenantry_private.is_managed(p_schema oid)
RETURNS boolean
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT EXISTS (
        SELECT FROM tenantry_private.managed_schemas AS m
        INNER JOIN pg_namespace AS n ON m.schema_name = n.nspname
        WHERE n.oid = p_schema
    );
$$;

COMMENT ON FUNCTION tenantry_private.is_managed(oid) IS 'whether everything in a schema has to be protected or exempt';
REVOKE ALL ON FUNCTION tenantry_private.is_managed(oid) FROM PUBLIC;
