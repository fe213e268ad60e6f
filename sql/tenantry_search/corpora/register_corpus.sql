-- Let search() search a protected table. To change a registration, register again.
-- SECURITY DEFINER writes the register, nothing else: whose table it is and who may read it stays as it is.
CREATE OR REPLACE FUNCTION tenantry.register_corpus(
    p_table regclass, p_id name, p_embedding name, p_content name, p_metadata name DEFAULT NULL, p_metric text DEFAULT 'cosine'
)
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_gaps CONSTANT text[] := tenantry.protection_gaps(p_table);
    v_column record;
    v_dimensions int;
BEGIN
    IF p_table IS NULL OR p_id IS NULL OR p_embedding IS NULL OR p_content IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'a corpus needs a table, and the names of its id, embedding and content columns',
            HINT = 'Only p_metadata may be null.';
    END IF;
    IF p_metric IS NULL OR p_metric NOT IN ('cosine', 'inner_product', 'l2') THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'unknown metric',
            HINT = 'Use cosine, inner_product or l2: the one that the embedding model was trained for.';
    END IF;
    IF v_gaps <> '{}' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('%s is not protected as a whole', p_table),
            DETAIL = array_to_string(v_gaps, '; '),
            HINT = format('As its owner: SELECT tenantry.protect(%L);', p_table);
    END IF;

    FOR v_column IN
        SELECT n.name, n.purpose, n.expected, a.atttypid, a.atttypmod
        FROM (
            VALUES
            (p_id, 'id', ARRAY['uuid', 'bigint', 'integer', 'smallint', 'text', 'varchar']::regtype[]),
            (p_embedding, 'embedding', ARRAY[tenantry.vector_type()]),
            (p_content, 'content', ARRAY['text', 'varchar']::regtype[]),
            (p_metadata, 'metadata', ARRAY['jsonb']::regtype[])
        ) AS n (name, purpose, expected)
        LEFT JOIN pg_attribute AS a ON a.attrelid = p_table AND a.attname = n.name AND a.attnum > 0 AND NOT a.attisdropped
        WHERE n.name IS NOT NULL
    LOOP
        IF v_column.atttypid IS NULL THEN
            RAISE EXCEPTION USING
                ERRCODE = 'undefined_column',
                MESSAGE = format('%s has no column "%s"', p_table, v_column.name),
                HINT = format('Name the %s column in p_%1$s.', v_column.purpose);
        END IF;
        IF v_column.atttypid <> ALL (v_column.expected) THEN
            RAISE EXCEPTION USING
                ERRCODE = 'datatype_mismatch',
                MESSAGE = format('the %s column "%s" of %s is %s', v_column.purpose, v_column.name, p_table, v_column.atttypid::regtype),
                HINT = format('It has to be %s.', array_to_string(v_column.expected, ' or '));
        END IF;
        IF v_column.purpose = 'embedding' THEN
            v_dimensions := v_column.atttypmod;
        END IF;
    END LOOP;
    IF v_dimensions = -1 THEN
        RAISE EXCEPTION USING
            ERRCODE = 'datatype_mismatch',
            MESSAGE = format('the embedding column "%s" of %s has no fixed number of dimensions', p_embedding, p_table),
            HINT = format('ALTER TABLE %s ALTER COLUMN %I TYPE %s(n), with the dimensions of the embedding model.', p_table, p_embedding, tenantry.vector_type());
    END IF;

    INSERT INTO tenantry.corpora AS c (
        table_name, tenant_column, id_column, embedding_column, dimensions, content_column, metadata_column, metric, is_shared
    )
    VALUES (
        p_table, tenantry.policy_column(p_table, 'tenantry_isolation'),
        p_id, p_embedding, v_dimensions, p_content, p_metadata, p_metric, tenantry.is_shared(p_table)
    )
    ON CONFLICT (table_name) DO UPDATE SET
        tenant_column = excluded.tenant_column,
        id_column = excluded.id_column,
        embedding_column = excluded.embedding_column,
        dimensions = excluded.dimensions,
        content_column = excluded.content_column,
        metadata_column = excluded.metadata_column,
        metric = excluded.metric,
        is_shared = excluded.is_shared;

    -- Tables that have been dropped since.
    DELETE FROM tenantry.corpora AS c
    WHERE NOT EXISTS (SELECT FROM pg_class AS t WHERE t.oid = c.table_name);
END
$$;

COMMENT ON FUNCTION tenantry.register_corpus(regclass, name, name, name, name, text) IS 'let search() search a protected table';
REVOKE ALL ON FUNCTION tenantry.register_corpus(regclass, name, name, name, name, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.register_corpus(regclass, name, name, name, name, text) TO tenantry_admin;
