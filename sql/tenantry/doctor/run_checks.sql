-- Run every check, each by itself: one that fails, over a catalog that nobody has thought of or a table that is dropped meanwhile,
-- is a finding, TNT100, and does not silence the others. A check is a function tenantry_private.check_… with these columns.
CREATE OR REPLACE FUNCTION tenantry_private.run_checks()
RETURNS TABLE (code text, object text, detail text, remedy text)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_check regprocedure;
BEGIN
    FOR v_check IN
        SELECT p.oid::regprocedure
        FROM pg_proc AS p
        WHERE p.pronamespace = 'tenantry_private'::regnamespace AND p.proname LIKE 'check\_%' AND p.pronargs = 0
            AND p.proargnames = ARRAY['code', 'object', 'detail', 'remedy']
    LOOP
        BEGIN
            RETURN QUERY EXECUTE format('SELECT f.code, f.object, f.detail, f.remedy FROM %s AS f', v_check);
        EXCEPTION WHEN OTHERS THEN
            RETURN QUERY
            SELECT
                'TNT100', v_check::text, format('fails, and so finds nothing: %s (%s)', sqlerrm, sqlstate),
                format('-- As a superuser, SELECT * FROM %s; says more. Mend what the message names.', v_check);
        END;
    END LOOP;
END
$$;

COMMENT ON FUNCTION tenantry_private.run_checks() IS 'run every check of the doctor';
REVOKE ALL ON FUNCTION tenantry_private.run_checks() FROM PUBLIC;
