-- Who of a tenant reads a row, in the words in which PostgreSQL shows it again. GREATEST and not OR: for within_tenant() it
-- has to ask for both, the principals and the member, at the first row, and an OR would stop where it knows enough.
CREATE OR REPLACE FUNCTION tenantry.readers_condition(p_readers_column name, p_owner_column name)
RETURNS text
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
SET quote_all_identifiers = off
AS $$
BEGIN
    RETURN (
        SELECT concat(
            'GREATEST((', quote_ident(p_readers_column), ' IS NULL), (', quote_ident(p_readers_column),
            ' && ( SELECT tenantry.current_principals() AS current_principals))',
            ', (' || quote_ident(p_owner_column) || ' = ( SELECT tenantry.current_member() AS current_member))', ')'
        )
    );
END
$$;

COMMENT ON FUNCTION tenantry.readers_condition(name, name) IS 'who of a tenant reads a row';
REVOKE ALL ON FUNCTION tenantry.readers_condition(name, name) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.readers_condition(name, name) TO tenantry_admin, tenantry_auditor;
