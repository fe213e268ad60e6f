-- Take back exemptions of routines that are gone or go by another name: a later one of that name is another routine.
CREATE OR REPLACE FUNCTION tenantry_private.follow_routines()
RETURNS void
LANGUAGE sql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET quote_all_identifiers = off
AS $$
    DELETE FROM tenantry_private.exempt_routines AS e
    WHERE NOT EXISTS (
        SELECT FROM pg_proc AS p
        INNER JOIN pg_namespace AS n ON p.pronamespace = n.oid
        WHERE n.nspname NOT IN ('pg_catalog', 'tenantry', 'tenantry_private') AND p.oid::regprocedure::text = e.signature
    );
$$;

COMMENT ON FUNCTION tenantry_private.follow_routines() IS 'take back exemptions of routines that are gone';
REVOKE ALL ON FUNCTION tenantry_private.follow_routines() FROM PUBLIC;
