-- What a tenant has spent, by day, model and key, and, in a row of today's, what it stores; a collection's is its owner's.
-- Sums are cut at the end of their type: what one tenant reports is not to fail the reading of all. For the view tenant_usage.
CREATE OR REPLACE FUNCTION tenantry_private.usage_of(
    p_tenant uuid,
    OUT stripe_customer_id text, OUT day date, OUT model text, OUT key_id uuid,
    OUT requests bigint, OUT tokens bigint, OUT stored_rows bigint, OUT stored_bytes bigint
)
RETURNS SETOF record
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    SELECT t.stripe_customer_id INTO stripe_customer_id
    FROM tenantry.tenants AS t
    WHERE t.tenant_id = p_tenant AND t.owner_tenant_id IS NULL;
    IF NOT FOUND OR NOT tenantry_private.may_see_tenant(p_tenant) THEN
        RETURN;
    END IF;
    FOR day, model, key_id, requests, tokens IN
        SELECT
            u.day, nullif(u.model, ''), nullif(u.key_id, '00000000-0000-0000-0000-000000000000'),
            sum(u.requests)::bigint, least(sum(u.tokens), 9223372036854775807)::bigint
        FROM tenantry_private.token_usage AS u
        WHERE u.tenant_id = p_tenant
        GROUP BY u.day, u.model, u.key_id
    LOOP
        RETURN NEXT;
    END LOOP;
    IF EXISTS (
        SELECT FROM tenantry_private.stored_amounts AS s
        WHERE s.tenant_id IN (SELECT t.tenant_id FROM tenantry.tenants AS t WHERE p_tenant IN (t.tenant_id, t.owner_tenant_id))
    ) THEN
        day := (clock_timestamp() AT TIME ZONE 'UTC')::date;
        model := NULL;
        key_id := NULL;
        requests := 0;
        tokens := 0;
        SELECT a.stored_rows, a.stored_bytes INTO stored_rows, stored_bytes FROM tenantry_private.stored_amount(p_tenant) AS a;
        RETURN NEXT;
    END IF;
END
$$;

COMMENT ON FUNCTION tenantry_private.usage_of(uuid) IS 'what a tenant has spent and stores';
REVOKE ALL ON FUNCTION tenantry_private.usage_of(uuid) FROM PUBLIC;
-- For a view that runs with its reader's rights. Without USAGE on the schema nobody calls it by name.
GRANT EXECUTE ON FUNCTION tenantry_private.usage_of(uuid) TO tenantry_admin, tenantry_app, tenantry_auditor;
