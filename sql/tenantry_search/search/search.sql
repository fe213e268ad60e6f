-- Find the rows nearest to a vector: the current tenant's, and what is shared with it. Exact: every row that the caller may
-- read is looked at.
-- SECURITY INVOKER: the caller's privileges and the table's policies decide what there is to find.
-- Checks the arguments and leaves the rest to run_search(). The vector and the hits pass Python by in cursors, as they are.
-- Plans are generic: no parameter here could change one, and a custom plan would be made anew for each call. Nothing is
-- compiled: that takes longer than a scan, and the policy of chunks_in_reach looks dearer to the planner than it is.
CREATE OR REPLACE FUNCTION tenantry.search(
    p_query vector,
    p_k int DEFAULT 10,
    p_corpus regclass DEFAULT NULL,
    p_text text DEFAULT NULL,
    p_filter jsonb DEFAULT NULL,
    p_diversity float8 DEFAULT 0,
    p_max_distance float8 DEFAULT NULL
)
RETURNS TABLE (id text, content text, distance float8, score float8, metadata jsonb, shared_by uuid)
LANGUAGE plpgsql
STABLE
ROWS 10
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
SET jit = off
AS $$
DECLARE
    v_tenants uuid[] := ARRAY[tenantry.require_tenant()];
    v_corpus tenantry.corpora;
    v_query refcursor;
    v_hits refcursor;
    v_ids text[];
    v_contents text[];
    v_distances float8[];
    v_scores float8[];
    v_metadata jsonb[];
    v_hit_tenants uuid[];
    v_shared_by uuid[];
BEGIN
    IF p_text IS NOT NULL OR p_diversity <> 0 THEN
        RAISE EXCEPTION USING
            ERRCODE = 'feature_not_supported',
            MESSAGE = 'search by text and diversity are not supported yet',
            HINT = 'Leave p_text and p_diversity out.';
    END IF;
    IF p_query IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'there is no query vector',
            HINT = 'Pass the embedding of the question as p_query.';
    END IF;
    IF p_k IS NULL OR p_k NOT BETWEEN 1 AND 1000 THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'p_k is out of range',
            HINT = 'Ask for 1 to 1000 rows.';
    END IF;
    IF p_max_distance = 'NaN' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'p_max_distance is not a number',
            HINT = 'Leave it out for no limit.';
    END IF;
    IF jsonb_typeof(p_filter) <> 'object' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'p_filter is not a JSON object',
            HINT = 'Pass what the metadata of a row has to contain, for instance {"language": "en"}.';
    END IF;

    SELECT c.* INTO v_corpus FROM tenantry.corpora AS c WHERE p_corpus IS NULL OR c.table_name = p_corpus;
    IF NOT FOUND OR (p_corpus IS NULL AND (SELECT count(*) FROM tenantry.corpora AS c) > 1) THEN
        PERFORM tenantry.refuse_corpus(p_corpus);
    END IF;
    IF p_filter IS NOT NULL AND v_corpus.metadata_column IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'the corpus has no metadata to filter by',
            HINT = 'Leave p_filter out, or let an admin register the corpus with its metadata column.';
    END IF;
    IF v_corpus.dimensions <> tenantry.vector_dimensions(p_query) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('p_query has %s dimensions, the corpus %s', tenantry.vector_dimensions(p_query), v_corpus.dimensions),
            HINT = 'Embed the question with the model that embedded the corpus.';
    END IF;
    IF v_corpus.metric = 'cosine' AND tenantry.cosine_distance(p_query, p_query) = 'NaN' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'p_query is zero and has no direction',
            HINT = 'Cosine distance compares directions: embed a question that is not empty.';
    END IF;

    IF v_corpus.is_shared THEN
        v_tenants := ARRAY(SELECT tenantry.readable_tenants(v_corpus.table_name));
    END IF;
    OPEN v_query FOR SELECT p_query;
    v_hits := tenantry.run_search(
        v_query, p_k, p_filter, coalesce(p_max_distance, 'Infinity'), v_tenants, v_corpus.table_name, v_corpus.tenant_column,
        v_corpus.id_column, v_corpus.embedding_column, v_corpus.content_column, v_corpus.metadata_column, v_corpus.metric
    );
    IF v_hits IS NULL THEN
        PERFORM tenantry.refuse_corpus(p_corpus);
    END IF;
    FETCH v_hits INTO v_ids, v_contents, v_distances, v_scores, v_metadata, v_hit_tenants;
    CLOSE v_query;
    CLOSE v_hits;
    IF v_hit_tenants IS NOT NULL THEN
        SELECT array_agg(o.shared_by ORDER BY h.position) INTO v_shared_by
        FROM unnest(v_hit_tenants) WITH ORDINALITY AS h (tenant_id, position)
        INNER JOIN (
            SELECT d.tenant_id, tenantry.shared_by(d.tenant_id) AS shared_by
            FROM (SELECT DISTINCT t.tenant_id FROM unnest(v_hit_tenants) AS t (tenant_id)) AS d
        ) AS o ON h.tenant_id = o.tenant_id;
    END IF;
    RETURN QUERY
    SELECT
        unnest(v_ids), unnest(v_contents), unnest(v_distances), unnest(v_scores), unnest(v_metadata), unnest(v_shared_by);
END
$$;

COMMENT ON FUNCTION tenantry.search(vector, int, regclass, text, jsonb, float8, float8)
IS 'find the rows of the current tenant, and those shared with it, nearest to a vector';
REVOKE ALL ON FUNCTION tenantry.search(vector, int, regclass, text, jsonb, float8, float8) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.search(vector, int, regclass, text, jsonb, float8, float8)
TO tenantry_admin, tenantry_app, tenantry_gateway;
