-- Take the exemption of a routine back: it has to be safe when this transaction ends, or the guard refuses it.
CREATE OR REPLACE FUNCTION tenantry.unexempt_routine(p_routine regprocedure)
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET quote_all_identifiers = off
AS $$
BEGIN
    DELETE FROM tenantry_private.exempt_routines AS e WHERE e.signature = p_routine::text;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('%s is not exempt', p_routine),
            HINT = 'tenantry.exemptions lists what is.';
    END IF;
    PERFORM tenantry_private.note_object('pg_proc'::regclass, p_routine);
END
$$;

COMMENT ON FUNCTION tenantry.unexempt_routine(regprocedure) IS 'take back the exemption of a routine';
REVOKE ALL ON FUNCTION tenantry.unexempt_routine(regprocedure) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.unexempt_routine(regprocedure) TO tenantry_admin;
