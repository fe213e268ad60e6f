-- Let all members of a tenant read its documents again, as far as the permission levels let them. The lists stay, and have
-- effect again once they are enabled.
CREATE OR REPLACE FUNCTION tenantry.disable_document_access(p_schema name DEFAULT 'public')
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_documents CONSTANT regclass := to_regclass(format('%I.documents', p_schema));
    v_chunks CONSTANT regclass := to_regclass(format('%I.chunks', p_schema));
BEGIN
    IF v_documents IS NULL OR tenantry.readers_column(v_documents) IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('the documents of schema "%s" have no readers', p_schema),
            HINT = 'Name the schema in which tenantry.enable_document_access() was called.';
    END IF;
    PERFORM tenantry.unrestrict_readers(v_documents);
    EXECUTE format('DROP POLICY IF EXISTS chunks_in_reach ON %s', v_chunks);
END
$$;

COMMENT ON FUNCTION tenantry.disable_document_access(name) IS 'let all members of a tenant read its documents again';
REVOKE ALL ON FUNCTION tenantry.disable_document_access(name) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.disable_document_access(name) TO tenantry_admin;
