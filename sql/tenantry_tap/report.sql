-- A test's line of TAP, made and counted by pgTAP: it passes where there are no problems, and shows them otherwise. pgTAP may
-- be in any schema and calls its own functions without one, so that schema is searched meanwhile.
CREATE OR REPLACE FUNCTION tenantry_tap.report(p_problems text[], p_description text)
RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_schema CONSTANT name := (
        SELECT n.nspname FROM pg_extension AS e INNER JOIN pg_namespace AS n ON e.extnamespace = n.oid WHERE e.extname = 'pgtap'
    );
    v_line text;
    v_problem text;
    v_diagnosis text;
BEGIN
    PERFORM set_config('search_path', format('pg_catalog, %I, pg_temp', v_schema), true);
    EXECUTE format('SELECT %I.ok($1, $2)', v_schema) INTO v_line USING p_problems = '{}', p_description;
    FOREACH v_problem IN ARRAY p_problems LOOP
        EXECUTE format('SELECT %I.diag($1)', v_schema) INTO v_diagnosis USING '    ' || v_problem;
        v_line := v_line || E'\n' || v_diagnosis;
    END LOOP;
    RETURN v_line;
END
$$;

COMMENT ON FUNCTION tenantry_tap.report(text[], text) IS 'a line of TAP, with what is wrong';
REVOKE ALL ON FUNCTION tenantry_tap.report(text[], text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry_tap.report(text[], text) TO tenantry_admin;
