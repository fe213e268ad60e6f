-- Trigger on documents: when a document is restricted further, so are those of its chunks that are not already.
-- Runs as the writer, who sees each of them: a policy has made sure that the writer is cleared for the new level, and
-- theirs are lower.
CREATE OR REPLACE FUNCTION tenantry.raise_chunk_levels()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_chunks CONSTANT regclass := (
        SELECT c.conrelid::regclass
        FROM pg_constraint AS c
        WHERE c.confrelid = TG_RELID AND c.conname = 'chunks_tenant_id_document_id_fkey'
    );
BEGIN
    IF NOT EXISTS (
        SELECT FROM new_rows AS n
        INNER JOIN old_rows AS o ON o.tenant_id = n.tenant_id AND o.id = n.id AND o.permission_level <> n.permission_level
    ) THEN
        RETURN NULL;
    END IF;
    IF current_setting('transaction_isolation') = 'repeatable read' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'feature_not_supported',
            MESSAGE = 'the level of a document cannot change in a repeatable read transaction',
            HINT = 'Its snapshot may miss chunks that were added meanwhile. Use read committed or serializable.';
    END IF;
    EXECUTE format(
        'UPDATE %s AS c SET permission_level = n.permission_level FROM new_rows AS n '
        'INNER JOIN old_rows AS o ON o.tenant_id = n.tenant_id AND o.id = n.id AND o.permission_level <> n.permission_level '
        'WHERE c.tenant_id = n.tenant_id AND c.document_id = n.id '
        'AND array_position($1, c.permission_level) < array_position($1, n.permission_level)',
        v_chunks
    ) USING tenantry.permission_levels();
    RETURN NULL;
END
$$;

COMMENT ON FUNCTION tenantry.raise_chunk_levels() IS 'trigger of documents: chunks are at least as restricted as their document';
REVOKE ALL ON FUNCTION tenantry.raise_chunk_levels() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.raise_chunk_levels() TO tenantry_admin;
