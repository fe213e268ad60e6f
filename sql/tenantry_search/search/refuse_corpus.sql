-- Say why there is nothing that search() could search.
CREATE OR REPLACE FUNCTION tenantry.refuse_corpus(p_corpus regclass)
RETURNS void
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF p_corpus IS NOT NULL AND NOT EXISTS (SELECT FROM tenantry.corpora AS c WHERE c.table_name = p_corpus) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_object',
            MESSAGE = 'the table is not registered as a corpus',
            HINT = 'tenantry.corpora lists the corpora; an admin adds one with tenantry.register_corpus().';
    ELSIF p_corpus IS NULL AND (SELECT count(*) FROM tenantry.corpora AS c) > 1 THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'several corpora are registered',
            HINT = 'Name one in p_corpus; tenantry.corpora lists them.';
    END IF;
    RAISE EXCEPTION USING
        ERRCODE = 'object_not_in_prerequisite_state',
        MESSAGE = 'no corpus is ready to be searched',
        HINT = 'An admin makes one with tenantry.create_ai_schema(), or registers a protected table with tenantry.register_corpus(): again when a column was renamed, after tenantry.protect() when it was unprotected.';
END
$$;

COMMENT ON FUNCTION tenantry.refuse_corpus(regclass) IS 'raise the error that says why there is no corpus to search';
REVOKE ALL ON FUNCTION tenantry.refuse_corpus(regclass) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.refuse_corpus(regclass) TO tenantry_admin, tenantry_app, tenantry_gateway;
