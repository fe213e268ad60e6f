-- Whether the session holds what seal_context() refuses; see there. Apart from it, because every transaction pays there.
CREATE OR REPLACE FUNCTION tenantry_private.has_residue()
RETURNS boolean
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN EXISTS (SELECT FROM pg_prepared_statement() AS s WHERE s.from_sql)
        OR EXISTS (SELECT FROM pg_cursor() AS c WHERE c.is_holdable)
        OR EXISTS (
            SELECT FROM pg_depend AS d WHERE d.refclassid = 'pg_namespace'::regclass AND d.refobjid = pg_my_temp_schema()
        );
END
$$;

COMMENT ON FUNCTION tenantry_private.has_residue() IS 'whether the session holds what could carry data from one context to another';
REVOKE ALL ON FUNCTION tenantry_private.has_residue() FROM PUBLIC;
