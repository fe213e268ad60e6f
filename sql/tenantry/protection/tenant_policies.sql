-- The policies that protect() puts on a table or partition, in the words in which PostgreSQL shows them again.
-- The isolating ones are restrictive: they hold whatever other policies the table has or gets. Restrictive policies only
-- narrow what a permissive one opens: tenantry_access opens no more than they let through, so that either isolates without
-- the other, and DROP EXTENSION … CASCADE, which takes both, opens nothing. PostgreSQL evaluates the condition that they
-- share once when it reads.
-- A condition of the caller's that is leakproof may be asked before the policy, and PostgreSQL evaluates (SELECT …) where a
-- row first needs it: EXPLAIN ANALYZE, the transaction's statistics, or the error of a context that is not genuine would tell
-- whether a row of anybody's fulfils it. So the tenant column has to equal the claim too, which costs next to nothing: the
-- planner concludes that tenant and claim equal each other, and asks that before any row ("One-Time Filter"). The verified
-- tenant stands first, so that its error does. Policies of shared tables ask first whether there is a tenant.
-- Of a shared table more rows are read than written, so its policies come one a command. ARRAY(…) gives a flat array: the
-- one that a PL/pgSQL function returns would be unpacked again for each row. Not of unnest(…) there: planning it would
-- call the function once more, and raise its errors where no row is written.
CREATE OR REPLACE FUNCTION tenantry.tenant_policies(
    p_relation regclass, p_tenant_column name, p_permission_column name, p_is_shared boolean
)
RETURNS TABLE (policy name, is_permissive boolean, command text, using_expression text, check_expression text)
LANGUAGE plpgsql
STABLE
ROWS 5
SET search_path = pg_catalog, pg_temp
SET quote_all_identifiers = off
AS $$
DECLARE
    v_own CONSTANT text := format(
        '((%1$I = ( SELECT tenantry.current_tenant() AS current_tenant)) '
        'AND (( SELECT tenantry.claimed_tenant() AS claimed_tenant) = %1$I))',
        p_tenant_column
    );
    v_required CONSTANT text := format('(%I = ( SELECT tenantry.require_tenant() AS require_tenant))', p_tenant_column);
    v_readable CONSTANT text := format(
        '((( SELECT tenantry.current_tenant() AS current_tenant) IS NOT NULL) '
        'AND (%I = ANY (ARRAY( SELECT tenantry.readable_tenants(%L::regclass) AS readable_tenants))))',
        p_tenant_column, coalesce(pg_partition_root(p_relation), p_relation)
    );
    v_writable CONSTANT text := format(
        '((( SELECT tenantry.current_tenant() AS current_tenant) IS NOT NULL) '
        'AND (%I = ANY (ARRAY( SELECT tenantry.writable_tenants(false) AS writable_tenants))))',
        p_tenant_column
    );
    v_written CONSTANT text := format(
        '(%I = ANY (ARRAY( SELECT tenantry.writable_tenants(true) AS writable_tenants)))', p_tenant_column
    );
BEGIN
    IF p_permission_column IS NOT NULL THEN
        RETURN QUERY VALUES (
            name 'tenantry_permission', false, 'ALL',
            tenantry.within_tenant(
                p_relation, p_tenant_column, p_is_shared,
                format('(%I = ANY (ARRAY( SELECT unnest(tenantry.cleared_levels()) AS unnest)))', p_permission_column)
            ),
            NULL
        );
    END IF;
    RETURN QUERY
    SELECT format('tenantry_%s%s', k.kind, c.suffix)::name, k.kind = 'access', c.command, c.using_expression, c.check_expression
    FROM (VALUES ('isolation'), ('access')) AS k (kind)
    CROSS JOIN (
        VALUES
        (false, '', 'ALL', v_own, v_required),
        (true, '', 'SELECT', v_readable, NULL),
        (true, '_insert', 'INSERT', NULL, v_written),
        (true, '_update', 'UPDATE', v_writable, v_written),
        (true, '_delete', 'DELETE', v_writable, NULL)
    ) AS c (is_shared, suffix, command, using_expression, check_expression)
    WHERE c.is_shared = p_is_shared;
END
$$;

COMMENT ON FUNCTION tenantry.tenant_policies(regclass, name, name, boolean) IS 'the policies of a protected relation';
REVOKE ALL ON FUNCTION tenantry.tenant_policies(regclass, name, name, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.tenant_policies(regclass, name, name, boolean) TO tenantry_admin, tenantry_auditor;
