-- The limits of a tenant, and what is used of them; no row where there is no limit. For the view tenant_limits.
CREATE OR REPLACE FUNCTION tenantry_private.limits_of(
    p_tenant uuid,
    OUT tokens_per_day bigint, OUT tokens_today bigint, OUT tokens_per_month bigint, OUT tokens_this_month bigint,
    OUT max_rows bigint, OUT stored_rows bigint, OUT max_bytes bigint, OUT stored_bytes bigint, OUT refusals bigint
)
RETURNS SETOF record
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_now CONSTANT timestamp := clock_timestamp() AT TIME ZONE 'UTC';
    v_limits tenantry_private.tenant_limits;
    v_stored record;
BEGIN
    SELECT l.* INTO v_limits FROM tenantry_private.tenant_limits AS l WHERE l.tenant_id = p_tenant;
    IF num_nonnulls(v_limits.tokens_per_day, v_limits.tokens_per_month, v_limits.max_rows, v_limits.max_bytes) = 0
        OR NOT tenantry_private.may_see_tenant(p_tenant) THEN
        RETURN;
    END IF;
    v_stored := tenantry_private.stored_amount(p_tenant);
    tokens_per_day := v_limits.tokens_per_day;
    tokens_today := tenantry_private.charged_tokens(
        p_tenant, v_limits.day_counter, v_now::date - date '1970-01-01', v_now::date
    );
    tokens_per_month := v_limits.tokens_per_month;
    tokens_this_month := tenantry_private.charged_tokens(
        p_tenant, v_limits.month_counter,
        date_part('year', v_now)::int * 12 + date_part('month', v_now)::int, date_trunc('month', v_now)::date
    );
    max_rows := v_limits.max_rows;
    stored_rows := v_stored.stored_rows;
    max_bytes := v_limits.max_bytes;
    stored_bytes := v_stored.stored_bytes;
    refusals := coalesce(pg_sequence_last_value(v_limits.refusal_counter), 0);
    RETURN NEXT;
END
$$;

COMMENT ON FUNCTION tenantry_private.limits_of(uuid) IS 'limits of a tenant and what is used of them';
REVOKE ALL ON FUNCTION tenantry_private.limits_of(uuid) FROM PUBLIC;
-- For a view that runs with its reader's rights. Without USAGE on the schema nobody calls it by name.
GRANT EXECUTE ON FUNCTION tenantry_private.limits_of(uuid) TO tenantry_admin, tenantry_app, tenantry_auditor;
