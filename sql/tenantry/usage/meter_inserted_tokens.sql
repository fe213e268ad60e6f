-- Trigger: charge and record the tokens of inserted rows. Its arguments are the columns of the tenant, the tokens and the
-- model. Grouped here and not by the query, which PostgreSQL plans anew each time, and plans faster without.
--
-- It runs as tenantry_owner over a table of others, so columns become text by concat(), that is by the output function of
-- their type: a cast, also one that an assignment makes, could be code of theirs.
CREATE OR REPLACE FUNCTION tenantry.meter_inserted_tokens()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_row_tenant text;
    v_row_model text;
    v_row_tokens text;
    v_tenant text;
    v_model text;
    v_requests bigint := 0::bigint;
    v_tokens bigint := 0::bigint;
BEGIN
    PERFORM tenantry_private.require_transition_tables(TG_RELID, TG_NAME, TG_OP);
    FOR v_row_tenant, v_row_model, v_row_tokens IN EXECUTE format(
        'SELECT concat(%I) COLLATE "C", concat(%s) COLLATE "C", concat(%I) FROM new_rows ORDER BY 1, 2',
        TG_ARGV[0], coalesce(quote_ident(nullif(TG_ARGV[2], '')), 'NULL'), TG_ARGV[1]
    ) LOOP
        IF v_requests > 0 AND (v_tenant, v_model) IS DISTINCT FROM (v_row_tenant, v_row_model) THEN
            PERFORM tenantry_private.record_tokens(nullif(v_tenant, '')::uuid, v_model, v_requests, v_tokens);
            v_requests := 0;
            v_tokens := 0;
        END IF;
        v_tenant := v_row_tenant;
        v_model := v_row_model;
        v_requests := v_requests + 1;
        v_tokens := v_tokens + greatest(nullif(v_row_tokens, '')::bigint, 0);
    END LOOP;
    IF v_requests > 0 THEN
        PERFORM tenantry_private.record_tokens(nullif(v_tenant, '')::uuid, v_model, v_requests, v_tokens);
    END IF;
    RETURN NULL;
END
$$;

COMMENT ON FUNCTION tenantry.meter_inserted_tokens() IS 'trigger of metered tables: charge and record the tokens of inserted rows';
REVOKE ALL ON FUNCTION tenantry.meter_inserted_tokens() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.meter_inserted_tokens() TO tenantry_admin;
