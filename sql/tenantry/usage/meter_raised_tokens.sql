-- Trigger: charge and record what an update has added to the tokens of a row. What it takes away was spent nevertheless.
-- Columns become text as in meter_inserted_tokens(); named without their row, because row.name may also be a call.
CREATE OR REPLACE FUNCTION tenantry.meter_raised_tokens()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_tenant text;
    v_model text;
    v_tokens text;
    v_old_tokens text;
BEGIN
    EXECUTE format(
        'SELECT n.tenant, n.model, n.tokens, o.tokens '
        'FROM (SELECT concat(%1$I) AS tenant, concat(%2$s) AS model, concat(%3$I) AS tokens FROM (SELECT ($1).*) AS r) AS n '
        'CROSS JOIN (SELECT concat(%3$I) AS tokens FROM (SELECT ($2).*) AS r) AS o',
        TG_ARGV[0], coalesce(quote_ident(nullif(TG_ARGV[2], '')), 'NULL'), TG_ARGV[1]
    ) INTO v_tenant, v_model, v_tokens, v_old_tokens USING new, old;
    PERFORM tenantry_private.record_tokens(
        nullif(v_tenant, '')::uuid, v_model, 0, nullif(v_tokens, '')::bigint - greatest(nullif(v_old_tokens, '')::bigint, 0)
    );
    RETURN NULL;
END
$$;

COMMENT ON FUNCTION tenantry.meter_raised_tokens() IS 'trigger of metered tables: charge and record what an update adds to tokens';
REVOKE ALL ON FUNCTION tenantry.meter_raised_tokens() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.meter_raised_tokens() TO tenantry_admin;
