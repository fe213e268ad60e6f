-- Declare that a routine may be SECURITY DEFINER as it stands, and why. It is known by its signature, and loses the exemption
-- when it gets another name. Apart from exempt(), which could not tell the one from the other by a literal.
CREATE OR REPLACE FUNCTION tenantry.exempt_routine(p_routine regprocedure, p_reason text)
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET quote_all_identifiers = off
AS $$
BEGIN
    PERFORM tenantry_private.check_reason(p_reason);
    IF NOT EXISTS (
        SELECT FROM pg_proc AS p
        INNER JOIN pg_namespace AS n ON p.pronamespace = n.oid
        WHERE p.oid = p_routine AND p.prosecdef
            AND n.nspname NOT IN ('tenantry', 'tenantry_private', 'pg_catalog', 'information_schema')
    ) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'wrong_object_type',
            MESSAGE = format('%s is no SECURITY DEFINER routine of the application', p_routine),
            HINT = 'Others run with the rights of their caller, and need no exemption.';
    END IF;
    INSERT INTO tenantry_private.exempt_routines AS e (signature, reason) VALUES (p_routine::text, p_reason)
    ON CONFLICT (signature) DO UPDATE
        SET reason = excluded.reason, exempted_by = excluded.exempted_by, exempted_at = excluded.exempted_at;
END
$$;

COMMENT ON FUNCTION tenantry.exempt_routine(regprocedure, text) IS 'declare that a routine may be SECURITY DEFINER as it stands, and why';
REVOKE ALL ON FUNCTION tenantry.exempt_routine(regprocedure, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.exempt_routine(regprocedure, text) TO tenantry_admin;
