-- Trigger: charge and record what an update has added to the tokens of a row. What it takes away was spent nevertheless.
CREATE OR REPLACE FUNCTION tenantry.meter_raised_tokens()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_tenant uuid;
    v_model text;
    v_tokens bigint;
BEGIN
    EXECUTE format(
        'SELECT ($1).%I, %s, ($1).%I::bigint - coalesce(greatest(($2).%3$I, 0), 0)',
        TG_ARGV[0], CASE WHEN TG_ARGV[2] = '' THEN 'NULL::text' ELSE format('($1).%I::text', TG_ARGV[2]) END, TG_ARGV[1]
    ) INTO v_tenant, v_model, v_tokens USING new, old;
    PERFORM tenantry_private.record_tokens(v_tenant, v_model, 0, v_tokens);
    RETURN NULL;
END
$$;

COMMENT ON FUNCTION tenantry.meter_raised_tokens() IS 'trigger of metered tables: charge and record what an update adds to tokens';
REVOKE ALL ON FUNCTION tenantry.meter_raised_tokens() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.meter_raised_tokens() TO tenantry_admin;
