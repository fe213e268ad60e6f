-- TNT101, TNT102: tables with a tenant column, or in a managed schema, that protect() has not seen. TNT103: those that have
-- lost the policy that isolates, but not all that came with it. TNT104: those with a tenant column that is not a uuid.
-- One row a table; its partitions go with it.
CREATE OR REPLACE FUNCTION tenantry_private.check_unprotected_tables()
RETURNS TABLE (code text, object text, detail text, remedy text)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH definers AS MATERIALIZED (
        SELECT d.relation, string_agg(d.routine::text, ', ' ORDER BY d.routine::text) AS routines
        FROM tenantry_private.definer_reach() AS d
        GROUP BY d.relation
    ),

    reachable AS MATERIALIZED (
        SELECT DISTINCT CASE WHEN c.relispartition THEN pg_partition_root(c.oid)::oid ELSE c.oid END AS relation
        FROM tenantry_private.application_privileges() AS a
        INNER JOIN pg_class AS c ON a.relation = c.oid
        WHERE a.privilege IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER')
    ),

    unprotected AS MATERIALIZED (
        SELECT
            w.*,
            CASE
                WHEN w.relation IN (SELECT r.relation FROM reachable AS r)
                    OR w.owner IN (SELECT g FROM tenantry_private.application_grantees() AS g)
                    THEN '; the application holds privileges on it'
                ELSE '; the application calls ' || d.routines || ', which reaches it with the rights of its owner'
            END AS reach
        FROM tenantry_private.watched_relations() AS w
        LEFT JOIN definers AS d ON w.relation = d.relation
        WHERE NOT w.is_protected AND NOT w.is_partition AND w.kind IN ('r', 'p')
    )

    SELECT
        CASE WHEN u.reach IS NULL THEN 'TNT102' ELSE 'TNT101' END,
        u.name,
        concat(
            'has ', coalesce('tenant column ' || quote_ident(u.tenant_column), 'no tenant column'), ', ',
            CASE WHEN u.has_row_security THEN 'and policies that are not tenantry''s' ELSE 'and no row-level security' END,
            u.reach
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
            '-- Beside %2$I, fill a column of type uuid with the ids in tenantry.tenants, and protect by that:'
            ' ALTER TABLE %1$s ADD COLUMN … uuid; UPDATE …; SELECT tenantry.protect(%1$L, …);',
            u.name, u.tenant_column
        )
    FROM unprotected AS u
    WHERE u.tenant_type <> 'uuid'::regtype;
$$;

COMMENT ON FUNCTION tenantry_private.check_unprotected_tables() IS 'find tables of tenants that are not protected';
REVOKE ALL ON FUNCTION tenantry_private.check_unprotected_tables() FROM PUBLIC;
