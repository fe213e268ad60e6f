-- Whether a permission level is lower than another one; NULL where one of them is none. Condition of the trigger that
-- calls refuse_lowered_level(). Inlined, hence BEGIN ATOMIC instead of a search_path.
CREATE OR REPLACE FUNCTION tenantry.is_lower_level(p_level text, p_than text)
RETURNS boolean
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
BEGIN ATOMIC
    SELECT
        pg_catalog.array_position(tenantry.permission_levels(), p_level)
        < pg_catalog.array_position(tenantry.permission_levels(), p_than);
END;

COMMENT ON FUNCTION tenantry.is_lower_level(text, text) IS 'whether a permission level is lower than another one';
REVOKE ALL ON FUNCTION tenantry.is_lower_level(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.is_lower_level(text, text) TO tenantry_admin, tenantry_app, tenantry_gateway, tenantry_auditor;
