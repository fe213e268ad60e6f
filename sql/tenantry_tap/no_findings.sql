-- Test that the doctor finds nothing of a severity, or graver.
CREATE OR REPLACE FUNCTION tenantry_tap.no_findings(p_least text DEFAULT 'warning', p_description text DEFAULT NULL)
RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_severities CONSTANT text[] := ARRAY['error', 'warning', 'note'];
    v_place CONSTANT int := array_position(v_severities, p_least);
BEGIN
    IF v_place IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'unknown severity',
            HINT = 'Use error, warning or note.';
    END IF;
    RETURN tenantry_tap.report(
        ARRAY(
            SELECT format('%s %s: %s: %s', d.code, d.severity, d.object, d.detail)
            FROM tenantry.doctor() AS d
            WHERE array_position(v_severities, d.severity) <= v_place
        ),
        coalesce(p_description, format('the doctor finds no %s', array_to_string(v_severities[1:v_place], ' or ')))
    );
END
$$;

COMMENT ON FUNCTION tenantry_tap.no_findings(text, text) IS 'test that the doctor finds nothing';
REVOKE ALL ON FUNCTION tenantry_tap.no_findings(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry_tap.no_findings(text, text) TO tenantry_admin;
