-- Trigger: charge and record the tokens of inserted rows. Its arguments are the columns of the tenant, the tokens and the
-- model. Grouped here and not by the query, which PostgreSQL plans anew each time, and plans faster without.
CREATE OR REPLACE FUNCTION tenantry.meter_inserted_tokens()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_row_tenant uuid;
    v_row_model text;
    v_row_tokens bigint;
    v_tenant uuid;
    v_model text;
    v_requests bigint := 0::bigint;
    v_tokens bigint := 0::bigint;
BEGIN
    FOR v_row_tenant, v_row_model, v_row_tokens IN EXECUTE format(
        'SELECT %I AS tenant, %s AS model, coalesce(%I, 0)::bigint AS tokens FROM new_rows ORDER BY 1, 2',
        TG_ARGV[0], CASE WHEN TG_ARGV[2] = '' THEN 'NULL::text' ELSE format('%I::text', TG_ARGV[2]) END, TG_ARGV[1]
    ) LOOP
        IF v_requests > 0 AND (v_tenant, v_model) IS DISTINCT FROM (v_row_tenant, v_row_model) THEN
            PERFORM tenantry_private.record_tokens(v_tenant, v_model, v_requests, v_tokens);
            v_requests := 0;
            v_tokens := 0;
        END IF;
        v_tenant := v_row_tenant;
        v_model := v_row_model;
        v_requests := v_requests + 1;
        v_tokens := v_tokens + greatest(v_row_tokens, 0);
    END LOOP;
    IF v_requests > 0 THEN
        PERFORM tenantry_private.record_tokens(v_tenant, v_model, v_requests, v_tokens);
    END IF;
    RETURN NULL;
END
$$;

COMMENT ON FUNCTION tenantry.meter_inserted_tokens() IS 'trigger of metered tables: charge and record the tokens of inserted rows';
REVOKE ALL ON FUNCTION tenantry.meter_inserted_tokens() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.meter_inserted_tokens() TO tenantry_admin;
