-- A condition of a policy that asks what the current context may do within its tenant, bound to the rows of that tenant. A
-- function that a statement calls, or a FETCH, can come under another context than the one that the statement began with,
-- and PostgreSQL evaluates each (SELECT …) of the policies once, where a row first needs it: so the tenant of one context
-- would meet the rights of another. A CASE decides about the tenant and the rights of a row at once, with nothing in
-- between, provided that the condition evaluates all that it asks of the context whatever the row is.
-- In the words in which PostgreSQL shows it again.
CREATE OR REPLACE FUNCTION tenantry.within_tenant(p_relation regclass, p_tenant_column name, p_is_shared boolean, p_condition text)
RETURNS text
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
SET quote_all_identifiers = off
AS $$
BEGIN
    RETURN (
        SELECT format(
            E'\nCASE\n    WHEN %s THEN %s\n    ELSE false\nEND',
            CASE
                WHEN p_is_shared THEN format(
                    '(%s = ANY (ARRAY( SELECT tenantry.readable_tenants(%L::regclass) AS readable_tenants)))',
                    quote_ident(p_tenant_column), coalesce(pg_partition_root(p_relation), p_relation)
                )
                ELSE format('(%s = ( SELECT tenantry.current_tenant() AS current_tenant))', quote_ident(p_tenant_column))
            END,
            p_condition
        )
    );
END
$$;

COMMENT ON FUNCTION tenantry.within_tenant(regclass, name, boolean, text) IS 'a condition of a policy, bound to the tenant of the context';
REVOKE ALL ON FUNCTION tenantry.within_tenant(regclass, name, boolean, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.within_tenant(regclass, name, boolean, text) TO tenantry_admin, tenantry_auditor;
