-- Let each document of the AI schema say who reads it. Its chunks and its lineage follow: they are in reach where the
-- document is. That is asked at each statement and kept nowhere, so it can neither lag behind nor be forgotten. What a
-- chunk may be added to is the question of refuse_exposed_chunks(), which sees the documents that the writer sees.
CREATE OR REPLACE FUNCTION tenantry.enable_document_access(p_schema name DEFAULT 'public')
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_documents CONSTANT regclass := to_regclass(format('%I.documents', p_schema));
    v_chunks CONSTANT regclass := to_regclass(format('%I.chunks', p_schema));
    v_column record;
BEGIN
    IF v_documents IS NULL OR v_chunks IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_table',
            MESSAGE = format('schema "%s" has no documents and chunks', p_schema),
            HINT = 'Make them with tenantry.create_ai_schema(), or name another schema.';
    END IF;
    FOR v_column IN
        SELECT n.name, n.type
        FROM (VALUES ('owned_by', 'text'::regtype), ('readers', 'text[]'::regtype)) AS n (name, type)
        WHERE NOT EXISTS (
            SELECT FROM pg_attribute AS a WHERE a.attrelid = v_documents AND a.attname = n.name AND NOT a.attisdropped
        )
    LOOP
        EXECUTE format('ALTER TABLE %s ADD COLUMN %I %s', v_documents, v_column.name, v_column.type);
    END LOOP;
    PERFORM tenantry.restrict_to_readers(v_documents, 'readers', 'owned_by');
    IF NOT EXISTS (SELECT FROM pg_policy AS p WHERE p.polrelid = v_chunks AND p.polname = 'chunks_in_reach') THEN
        EXECUTE format(
            'CREATE POLICY chunks_in_reach ON %1$s AS RESTRICTIVE '
            'USING (EXISTS (SELECT FROM %2$s AS d WHERE d.tenant_id = chunks.tenant_id AND d.id = chunks.document_id)) '
            'WITH CHECK (true)',
            v_chunks, v_documents
        );
    END IF;
END
$$;

COMMENT ON FUNCTION tenantry.enable_document_access(name) IS 'let each document of the AI schema say who reads it';
REVOKE ALL ON FUNCTION tenantry.enable_document_access(name) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.enable_document_access(name) TO tenantry_admin;
