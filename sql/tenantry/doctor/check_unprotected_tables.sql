-- TNT101, TNT102: tables with a tenant column, or in a managed schema, that protect() has not seen. TNT103: those that have
-- lost the policy that isolates, but not all that came with it. TNT104: those with a tenant column that is not a uuid.
-- One row a table; its partitions go with it.
CREATE OR REPLACE FUNCTION tenantry_private.check_unprotected_tables()
RETURNS TABLE (code text, object text, detail text, remedy text)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH reachable AS MATERIALIZED (
        SELECT DISTINCT CASE WHEN c.relispartition THEN pg_partition_root(c.oid)::oid ELSE c.oid END AS relation
        FROM tenantry_private.application_privileges() AS a
        INNER JOIN pg_class AS c ON a.relation = c.oid
        WHERE a.privilege IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER')
    ),

    unprotected AS MATERIALIZED (
        SELECT
            w.*,
            w.relation IN (SELECT r.relation FROM reachable AS r)
            OR w.owner::regrole IN (SELECT tenantry.application_roles()) AS is_reachable
        FROM tenantry_private.watched_relations() AS w
        WHERE NOT w.is_protected AND NOT w.is_partition AND w.kind IN ('r', 'p')
    )

    SELECT
        CASE WHEN u.is_reachable THEN 'TNT101' ELSE 'TNT102' END,
        u.name,
        concat(
            'has ', coalesce('tenant column ' || quote_ident(u.tenant_column), 'no tenant column'), ', ',
            CASE WHEN u.has_row_security THEN 'and policies that are not tenantry''s' ELSE 'and no row-level security' END,
            CASE WHEN u.is_reachable THEN '; the application holds privileges on it' END
        ),
        CASE
            WHEN u.tenant_column IS NULL THEN format(
                '-- Give it a tenant column and call tenantry.protect(%1$L), or tenantry.exempt(%1$L, ''why no tenant has rows in it'').', u.name
            )
            ELSE concat('SELECT tenantry.protect(', quote_literal(u.name), ', ', quote_literal(u.tenant_column), ');')
        END
    FROM unprotected AS u
    WHERE u.tenant_type = 'uuid'::regtype OR u.tenant_column IS NULL
    UNION ALL
    SELECT
        'TNT103',
        u.name,
        'keeps parts of a protection, but not the policy that isolates',
        tenantry_private.protect_call(u.relation)
    FROM unprotected AS u
    WHERE EXISTS (SELECT FROM pg_policy AS p WHERE p.polrelid = u.relation AND p.polname LIKE 'tenantry\_%')
        OR EXISTS (
            SELECT FROM pg_trigger AS t
            WHERE t.tgrelid = u.relation AND t.tgfoid IN ('tenantry.refuse_tenant_change'::regproc, 'tenantry.refuse_truncate'::regproc)
        )
    UNION ALL
    SELECT
        'TNT104',
        u.name,
        format('tenant column %I is %s', u.tenant_column, u.tenant_type),
        format(
            '-- ALTER TABLE %1$s ALTER COLUMN %2$I TYPE uuid USING …, giving the ids in tenantry.tenants; then SELECT tenantry.protect(%1$L, %2$L);',
            u.name, u.tenant_column
        )
    FROM unprotected AS u
    WHERE u.tenant_type <> 'uuid'::regtype;
$$;

COMMENT ON FUNCTION tenantry_private.check_unprotected_tables() IS 'find tables of tenants that are not protected';
REVOKE ALL ON FUNCTION tenantry_private.check_unprotected_tables() FROM PUBLIC;
