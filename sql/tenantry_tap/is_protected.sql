-- Test that a table's protection is whole, by the catalog.
CREATE OR REPLACE FUNCTION tenantry_tap.is_protected(p_table regclass, p_description text DEFAULT NULL)
RETURNS text
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT tenantry_tap.report(tenantry.protection_gaps(p_table), coalesce(p_description, format('%s is protected', p_table)));
$$;

COMMENT ON FUNCTION tenantry_tap.is_protected(regclass, text) IS 'test that a table''s protection is whole';
REVOKE ALL ON FUNCTION tenantry_tap.is_protected(regclass, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry_tap.is_protected(regclass, text) TO tenantry_admin;
