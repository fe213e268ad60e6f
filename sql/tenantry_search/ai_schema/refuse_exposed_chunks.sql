-- Trigger on chunks: a chunk is at least as restricted as its document, or whoever may not read the document would find
-- its text through the chunk. Runs as the writer, so a document that the writer may not see counts as out of reach.
-- The documents are locked against a change of level until the writing transaction ends.
CREATE OR REPLACE FUNCTION tenantry.refuse_exposed_chunks()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_documents CONSTANT regclass := (
        SELECT c.confrelid::regclass
        FROM pg_constraint AS c
        WHERE c.conrelid = TG_RELID AND c.conname = 'chunks_tenant_id_document_id_fkey'
    );
    v_is_exposed boolean;
BEGIN
    -- The lock also keeps the subquery from being flattened: it stays one look-up by primary key for each document.
    EXECUTE format($query$
        SELECT bool_or(d.permission_level IS NULL OR array_position($1, d.permission_level) > n.position)
        FROM (
            SELECT tenant_id, document_id, min(array_position($1, permission_level)) AS position
            FROM new_rows
            GROUP BY tenant_id, document_id
        ) AS n
        LEFT JOIN LATERAL (
            SELECT permission_level FROM %s WHERE tenant_id = n.tenant_id AND id = n.document_id FOR KEY SHARE
        ) AS d ON true
    $query$, v_documents) INTO v_is_exposed USING tenantry.permission_levels();
    IF v_is_exposed THEN
        RAISE EXCEPTION USING
            ERRCODE = 'check_violation',
            MESSAGE = 'a chunk is less restricted than its document, or its document is out of reach',
            HINT = 'Give the chunk its document''s permission_level or a stricter one, and be cleared for both.';
    END IF;
    RETURN NULL;
END
$$;

COMMENT ON FUNCTION tenantry.refuse_exposed_chunks() IS 'trigger of chunks: no chunk is less restricted than its document';
REVOKE ALL ON FUNCTION tenantry.refuse_exposed_chunks() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.refuse_exposed_chunks() TO tenantry_admin;
