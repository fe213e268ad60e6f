-- Keep search() from searching a table from now on. The table itself stays as it is.
CREATE OR REPLACE FUNCTION tenantry.unregister_corpus(p_table regclass)
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    DELETE FROM tenantry.corpora AS c WHERE c.table_name = p_table;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_object',
            MESSAGE = 'the table is not registered as a corpus',
            HINT = 'tenantry.corpora lists the corpora.';
    END IF;
END
$$;

COMMENT ON FUNCTION tenantry.unregister_corpus(regclass) IS 'keep search() from searching a table';
REVOKE ALL ON FUNCTION tenantry.unregister_corpus(regclass) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.unregister_corpus(regclass) TO tenantry_admin;
