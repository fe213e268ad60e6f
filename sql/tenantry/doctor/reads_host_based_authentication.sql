-- Whether somebody has let tenantry_owner read the rules of pg_hba.conf, which are for superusers unless granted.
CREATE OR REPLACE FUNCTION tenantry_private.reads_host_based_authentication()
RETURNS boolean
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT has_table_privilege('pg_hba_file_rules', 'SELECT') AND has_function_privilege('pg_hba_file_rules()', 'EXECUTE');
$$;

COMMENT ON FUNCTION tenantry_private.reads_host_based_authentication() IS 'whether the doctor may read pg_hba.conf';
REVOKE ALL ON FUNCTION tenantry_private.reads_host_based_authentication() FROM PUBLIC;
