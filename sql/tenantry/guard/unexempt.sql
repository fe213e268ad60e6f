-- Take an exemption back: the relation has to be protected in this transaction, or the guard refuses it.
CREATE OR REPLACE FUNCTION tenantry.unexempt(p_table regclass)
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    DELETE FROM tenantry_private.exempt_relations AS e WHERE e.relation = p_table;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('%s is not exempt', p_table),
            HINT = 'tenantry.exemptions lists what is.';
    END IF;
    PERFORM tenantry_private.note_object('pg_class'::regclass, p_table);
END
$$;

COMMENT ON FUNCTION tenantry.unexempt(regclass) IS 'take back the exemption of a relation';
REVOKE ALL ON FUNCTION tenantry.unexempt(regclass) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.unexempt(regclass) TO tenantry_admin;
