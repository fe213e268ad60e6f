-- Whether a table is protected as shared: its isolating policies then differ between reading and writing.
CREATE OR REPLACE FUNCTION tenantry.is_shared(p_table regclass)
RETURNS boolean
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (SELECT EXISTS (SELECT FROM pg_policy AS p WHERE p.polrelid = p_table AND p.polname = 'tenantry_isolation' AND p.polcmd = 'r'));
END
$$;

COMMENT ON FUNCTION tenantry.is_shared(regclass) IS 'whether a table is protected as shared';
REVOKE ALL ON FUNCTION tenantry.is_shared(regclass) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.is_shared(regclass) TO tenantry_admin, tenantry_auditor;
