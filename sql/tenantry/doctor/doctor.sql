-- Every known way in which isolation leaks, as far as the catalogs tell. Each check is a function that looks at all tables
-- at once; doctor_codes says how grave a finding is. Compiling their queries would take longer than running them.
CREATE OR REPLACE FUNCTION tenantry.doctor()
RETURNS TABLE (code text, severity text, object text, detail text, remedy text)
LANGUAGE sql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET quote_all_identifiers = off
SET jit = off
AS $$
    SELECT
        f.code, c.severity, f.object, f.detail,
        -- The name of an object may go over several lines, and the second would be no comment any more.
        CASE WHEN f.remedy LIKE '--%' THEN translate(f.remedy, E'\n\r', '  ') ELSE f.remedy END
    FROM tenantry_private.run_checks() AS f
    INNER JOIN tenantry.doctor_codes AS c ON f.code = c.code
    ORDER BY array_position(ARRAY['error', 'warning', 'note'], c.severity), f.code, f.object, f.detail;
$$;

COMMENT ON FUNCTION tenantry.doctor() IS 'find every known way in which isolation leaks';
REVOKE ALL ON FUNCTION tenantry.doctor() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.doctor() TO tenantry_admin, tenantry_auditor;
