-- The routines that the guard judges for what a transaction has touched. Who may create in which schema, and how schemas are
-- called, decides what a search_path finds (p_has_schemas): those are judged then that fix theirs, and lack nothing else.
CREATE OR REPLACE FUNCTION tenantry_private.routines_to_check(p_routines oid[], p_has_schemas boolean)
RETURNS oid[]
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT p_has_schemas THEN
        RETURN p_routines;
    END IF;
    RETURN p_routines || ARRAY(
        SELECT u.routine::oid
        FROM tenantry_private.unsafe_routines(
            ARRAY(
                SELECT p.oid
                FROM pg_proc AS p
                WHERE p.prosecdef AND tenantry_private.is_managed(p.pronamespace)
                    AND EXISTS (SELECT FROM unnest(p.proconfig) AS s WHERE s LIKE 'search%path=%pg%temp')
            )
        ) AS u
        GROUP BY u.routine
        HAVING bool_and(u.gap LIKE '% finds objects by a %')
    );
END
$$;

COMMENT ON FUNCTION tenantry_private.routines_to_check(oid[], boolean) IS 'the routines that the guard judges for what was touched';
REVOKE ALL ON FUNCTION tenantry_private.routines_to_check(oid[], boolean) FROM PUBLIC;
