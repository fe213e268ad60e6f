-- Make the tables of a retrieval application in a schema, protect them, grant them to the application and register the
-- chunks as a corpus. Documents, their chunks and their lineage can be shared if asked for; prompts never are.
-- The caller owns the tables. All or nothing, as any statement.
CREATE OR REPLACE FUNCTION tenantry.create_ai_schema(
    p_schema name DEFAULT 'public', p_dimensions int DEFAULT 1536, p_shared boolean DEFAULT false
)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_key_columns CONSTANT text :=
        'tenant_id uuid NOT NULL DEFAULT tenantry.claimed_tenant(), id uuid NOT NULL DEFAULT gen_random_uuid(), '
        'created_at timestamptz NOT NULL DEFAULT now()';
    v_permission_column CONSTANT text := format(
        'permission_level text NOT NULL DEFAULT ''INTERNAL'' CHECK (permission_level = ANY (%L::text[]))',
        tenantry.permission_levels()
    );
    v_existing text;
BEGIN
    IF p_dimensions IS NULL OR p_dimensions NOT BETWEEN 1 AND 16000 THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'p_dimensions is out of range',
            HINT = 'Pass the number of dimensions of the embedding model, 1 to 16000.';
    END IF;
    IF NOT EXISTS (SELECT FROM pg_namespace AS n WHERE n.nspname = p_schema) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_schema_name',
            MESSAGE = format('schema "%s" does not exist', p_schema),
            HINT = 'Create it first, or name another in p_schema.';
    END IF;
    SELECT string_agg(c.oid::regclass::text, ', ' ORDER BY c.relname) INTO v_existing
    FROM pg_class AS c
    INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
    WHERE n.nspname = p_schema AND c.relname IN ('prompts', 'documents', 'chunks', 'document_lineage');
    IF v_existing IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'duplicate_table',
            MESSAGE = format('there is already %s', v_existing),
            HINT = 'Name another schema in p_schema. For tables that you have, there are tenantry.protect() and tenantry.register_corpus().';
    END IF;

    EXECUTE format($ddl$
        CREATE TABLE %1$I.prompts (
            %2$s,
            member text DEFAULT tenantry.claimed_member(),
            prompt_text text NOT NULL,
            model text,
            response text,
            usage_tokens int CHECK (usage_tokens >= 0),
            CONSTRAINT prompts_tenant_id_id_pkey PRIMARY KEY (tenant_id, id)
        );
        CREATE INDEX ON %1$I.prompts (tenant_id, created_at);
        COMMENT ON TABLE %1$I.prompts IS 'what members asked, and what a model answered'
    $ddl$, p_schema, v_key_columns);

    -- The index for foreign keys comes last, here and below: while a table is small its indexes look alike, the planner takes
    -- the newest, and the checks keep that plan for the session. With another they walk through all of the tenant's rows.
    EXECUTE format($ddl$
        CREATE TABLE %1$I.documents (
            %2$s,
            title text NOT NULL,
            source_uri text,
            %3$s,
            metadata jsonb NOT NULL DEFAULT '{}'
        );
        CREATE INDEX ON %1$I.documents (tenant_id, source_uri);
        -- Makes the level part of a key, so that the lock of refuse_exposed_chunks() holds up a change of level and no more.
        CREATE UNIQUE INDEX ON %1$I.documents (tenant_id, id, permission_level);
        ALTER TABLE %1$I.documents ADD CONSTRAINT documents_tenant_id_id_pkey PRIMARY KEY (tenant_id, id);
        COMMENT ON TABLE %1$I.documents IS 'documents that chunks are cut from'
    $ddl$, p_schema, v_key_columns, v_permission_column);

    -- What policies and filters read comes before the long columns, and the vector last: a scan reads it from memory once.
    EXECUTE format($ddl$
        CREATE TABLE %1$I.chunks (
            %2$s,
            document_id uuid NOT NULL,
            ordinal int NOT NULL,
            %3$s,
            metadata jsonb NOT NULL DEFAULT '{}',
            content text NOT NULL,
            embedding %4$s(%5$s),
            CONSTRAINT chunks_tenant_id_id_pkey PRIMARY KEY (tenant_id, id)
        );
        CREATE INDEX ON %1$I.chunks (tenant_id, permission_level);
        ALTER TABLE %1$I.chunks
            ADD CONSTRAINT chunks_tenant_id_document_id_ordinal_key UNIQUE (tenant_id, document_id, ordinal),
            ADD CONSTRAINT chunks_tenant_id_document_id_fkey
                FOREIGN KEY (tenant_id, document_id) REFERENCES %1$I.documents (tenant_id, id) ON DELETE CASCADE;
        COMMENT ON TABLE %1$I.chunks IS 'passages of documents with their embeddings'
    $ddl$, p_schema, v_key_columns, v_permission_column, tenantry.vector_type(), p_dimensions);

    -- The vector stays in the row, which makes a scan two to five times as fast as one that goes to TOAST, and so do 500
    -- bytes of metadata, which does as much for a filter. Longer vectors leave no room for both on a page of 8 kB.
    IF p_dimensions <= 1792 THEN
        EXECUTE format(
            'ALTER TABLE %I.chunks ALTER COLUMN embedding SET STORAGE PLAIN, SET (toast_tuple_target = %s)',
            p_schema, greatest(2032, 4 * p_dimensions + 648)
        );
    END IF;

    EXECUTE format($ddl$
        CREATE TABLE %1$I.document_lineage (
            %2$s,
            document_id uuid NOT NULL,
            parent_document_id uuid NOT NULL CHECK (parent_document_id <> document_id),
            operation text NOT NULL,
            CONSTRAINT document_lineage_tenant_id_id_pkey PRIMARY KEY (tenant_id, id),
            FOREIGN KEY (tenant_id, document_id) REFERENCES %1$I.documents (tenant_id, id) ON DELETE CASCADE,
            FOREIGN KEY (tenant_id, parent_document_id) REFERENCES %1$I.documents (tenant_id, id) ON DELETE CASCADE
        );
        CREATE INDEX ON %1$I.document_lineage (tenant_id, document_id);
        CREATE INDEX ON %1$I.document_lineage (tenant_id, parent_document_id);
        COMMENT ON TABLE %1$I.document_lineage IS 'which document was made from which, and how'
    $ddl$, p_schema, v_key_columns);

    PERFORM
        tenantry.protect(format('%I.prompts', p_schema)),
        tenantry.protect(format('%I.documents', p_schema), p_permission_column => 'permission_level', p_shared => p_shared),
        tenantry.protect(format('%I.chunks', p_schema), p_permission_column => 'permission_level', p_shared => p_shared),
        tenantry.protect(format('%I.document_lineage', p_schema), p_shared => p_shared);

    -- What a tenant's members may not do to each other, beside what the permission levels say. A context that names no
    -- member speaks for all of them: the application behind it knows its users. The CASE is explained at within_tenant().
    EXECUTE format($ddl$
        CREATE POLICY prompts_own_insert ON %1$I.prompts AS RESTRICTIVE FOR INSERT
            WITH CHECK (
                CASE WHEN tenant_id = (SELECT tenantry.require_tenant())
                    THEN member IS NOT DISTINCT FROM coalesce((SELECT tenantry.current_member()), member) ELSE false END
            );
        CREATE POLICY prompts_own_update ON %1$I.prompts AS RESTRICTIVE FOR UPDATE
            USING (
                CASE WHEN tenant_id = (SELECT tenantry.current_tenant())
                    THEN member IS NOT DISTINCT FROM coalesce((SELECT tenantry.current_member()), member) ELSE false END
            );
        CREATE POLICY prompts_own_delete ON %1$I.prompts AS RESTRICTIVE FOR DELETE
            USING (
                CASE WHEN tenant_id = (SELECT tenantry.current_tenant())
                    THEN member IS NOT DISTINCT FROM coalesce((SELECT tenantry.current_member()), member) ELSE false END
            );

        -- Both documents within reach: documents has policies of its own.
        CREATE POLICY document_lineage_in_reach ON %1$I.document_lineage AS RESTRICTIVE
            USING (
                EXISTS (SELECT FROM %1$I.documents AS d WHERE d.tenant_id = document_lineage.tenant_id AND d.id = document_id)
                AND EXISTS (SELECT FROM %1$I.documents AS d WHERE d.tenant_id = document_lineage.tenant_id AND d.id = parent_document_id)
            );

        CREATE TRIGGER chunks_refuse_exposed_insert AFTER INSERT ON %1$I.chunks
            REFERENCING NEW TABLE AS new_rows
            FOR EACH STATEMENT EXECUTE FUNCTION tenantry.refuse_exposed_chunks();
        CREATE TRIGGER chunks_refuse_exposed_update AFTER UPDATE ON %1$I.chunks
            REFERENCING NEW TABLE AS new_rows
            FOR EACH STATEMENT EXECUTE FUNCTION tenantry.refuse_exposed_chunks();
        CREATE TRIGGER documents_raise_chunk_levels AFTER UPDATE ON %1$I.documents
            REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
            FOR EACH STATEMENT EXECUTE FUNCTION tenantry.raise_chunk_levels();

        GRANT SELECT, INSERT, UPDATE, DELETE
            ON %1$I.prompts, %1$I.documents, %1$I.chunks, %1$I.document_lineage TO tenantry_app
    $ddl$, p_schema);

    PERFORM tenantry.meter_tokens(format('%I.prompts', p_schema), 'usage_tokens', 'model');
    PERFORM tenantry.register_corpus(format('%I.chunks', p_schema), 'id', 'embedding', 'content', 'metadata');
    IF NOT has_schema_privilege('tenantry_app', p_schema, 'USAGE') THEN
        RAISE WARNING USING
            MESSAGE = format('the application may not use schema "%s"', p_schema),
            HINT = format('As the schema''s owner: GRANT USAGE ON SCHEMA %I TO tenantry_app;', p_schema);
    END IF;
END
$$;

COMMENT ON FUNCTION tenantry.create_ai_schema(name, int, boolean) IS 'make and protect the tables of a retrieval application';
REVOKE ALL ON FUNCTION tenantry.create_ai_schema(name, int, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.create_ai_schema(name, int, boolean) TO tenantry_admin;
