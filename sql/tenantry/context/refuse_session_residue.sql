-- Refuse to open a context in a session that carries something a former transaction, perhaps of another tenant, may
-- have planted: a temporary table or type shadows the real one for every later statement, a held cursor keeps rows,
-- and a statement prepared by SQL may stand under a name that the driver is about to execute.
CREATE OR REPLACE FUNCTION tenantry_private.refuse_session_residue()
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_temporary CONSTANT oid := pg_my_temp_schema();
BEGIN
    IF EXISTS (SELECT FROM pg_prepared_statement() AS s WHERE s.from_sql)
        OR EXISTS (SELECT FROM pg_cursor() AS c WHERE c.is_holdable)
        OR (v_temporary <> 0 AND EXISTS (
            SELECT FROM pg_depend AS d WHERE d.refclassid = 'pg_namespace'::regclass AND d.refobjid = v_temporary
        ))
    THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = 'this session holds temporary objects, held cursors or SQL-prepared statements',
            HINT = 'They could carry data from one tenant to the next. Run DISCARD ALL before the transaction; make temporary tables ON COMMIT DROP, after the context is open.';
    END IF;
END
$$;

COMMENT ON FUNCTION tenantry_private.refuse_session_residue() IS 'refuse a session that carries objects of a former transaction';
REVOKE ALL ON FUNCTION tenantry_private.refuse_session_residue() FROM PUBLIC;
