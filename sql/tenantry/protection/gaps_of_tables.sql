-- What is missing of the protection of tables, a row a gap. Compares the catalog with what protect() leaves behind.
CREATE OR REPLACE FUNCTION tenantry.gaps_of_tables(p_tables regclass[])
RETURNS TABLE (table_name regclass, gap text)
LANGUAGE plpgsql
STABLE
ROWS 10
SET search_path = pg_catalog, pg_temp
SET quote_all_identifiers = off
SET jit = off
AS $$
BEGIN
    RETURN QUERY
    WITH tables AS MATERIALIZED (
        SELECT
            t.ordinal, t.table_name,
            tenantry.policy_column(t.table_name, 'tenantry_isolation') AS tenant_column,
            CASE WHEN l.has_levels THEN tenantry.permission_column(t.table_name) END AS permission_column,
            tenantry.is_shared(t.table_name) AS is_shared
        FROM unnest(p_tables) WITH ORDINALITY AS t (table_name, ordinal)
        CROSS JOIN LATERAL (
            SELECT
                EXISTS (SELECT FROM pg_policy AS p WHERE p.polrelid = t.table_name AND p.polname = 'tenantry_permission')
                OR EXISTS (
                    SELECT FROM pg_trigger AS g
                    WHERE g.tgrelid = t.table_name AND g.tgfoid = 'tenantry.refuse_lowered_level'::regproc
                ) AS has_levels
        ) AS l
    ),

    relations AS MATERIALIZED (
        SELECT t.ordinal, t.table_name, r.relation, t.tenant_column, t.permission_column, t.is_shared
        FROM tables AS t
        CROSS JOIN LATERAL tenantry.relations_of(t.table_name) AS r (relation)
        WHERE t.tenant_column IS NOT NULL
    ),

    -- Audited or not is a choice, but it is made for the whole table.
    audited AS MATERIALIZED (
        SELECT DISTINCT r.table_name
        FROM relations AS r
        INNER JOIN pg_trigger AS t ON r.relation = t.tgrelid
        WHERE t.tgfoid = 'tenantry.audit_changes'::regproc
    )

    SELECT g.table_name, g.gap
    FROM (
        SELECT t.ordinal, 1 AS rank, 0::bigint AS position, t.table_name, 'not protected' AS gap
        FROM tables AS t
        WHERE t.tenant_column IS NULL
        UNION ALL
        SELECT t.ordinal, n.rank, 0, t.table_name, format(n.gap, t.tenant_column)
        FROM tables AS t
        INNER JOIN pg_attribute AS a ON t.table_name = a.attrelid AND t.tenant_column = a.attname
        LEFT JOIN pg_attrdef AS d ON a.attrelid = d.adrelid AND a.attnum = d.adnum
        CROSS JOIN LATERAL (
            VALUES
            (
                2, 'column "%s" may be null', a.attnotnull AND NOT EXISTS (
                    SELECT FROM pg_constraint AS n
                    WHERE n.conrelid = t.table_name AND n.contype = 'n' AND n.conkey = ARRAY[a.attnum] AND NOT n.convalidated
                )
            ),
            (3, 'column "%s" is not filled from the context', pg_get_expr(d.adbin, d.adrelid) IS NOT DISTINCT FROM 'tenantry.claimed_tenant()'),
            (
                4, 'no cascading foreign key to tenantry.tenants', EXISTS (
                    SELECT FROM pg_constraint AS c
                    WHERE c.conrelid = t.table_name AND c.contype = 'f' AND c.confrelid = 'tenantry.tenants'::regclass
                        AND c.conkey = ARRAY[a.attnum] AND c.confdeltype = 'c' AND c.convalidated
                )
            ),
            (5, 'no index that begins with "%s"', tenantry.has_tenant_index(t.table_name, t.tenant_column))
        ) AS n (rank, gap, is_there)
        WHERE NOT n.is_there
        UNION ALL
        SELECT r.ordinal, 6, m.position, r.table_name, m.gap
        FROM (
            SELECT
                array_agg(r.relation ORDER BY r.ordinal, r.relation) AS relations,
                array_agg(r.tenant_column ORDER BY r.ordinal, r.relation) AS tenant_columns,
                array_agg(r.permission_column ORDER BY r.ordinal, r.relation) AS permission_columns,
                array_agg(r.is_shared ORDER BY r.ordinal, r.relation) AS are_shared
            FROM relations AS r
        ) AS a
        CROSS JOIN LATERAL tenantry.gaps_of_relations(a.relations, a.tenant_columns, a.permission_columns, a.are_shared)
            WITH ORDINALITY AS m (relation, gap, position)
        INNER JOIN relations AS r ON m.relation = r.relation
        UNION ALL
        SELECT r.ordinal, 7, r.relation::oid::bigint, r.table_name, format('changes of %s are not audited', r.relation)
        FROM relations AS r
        INNER JOIN audited AS a ON r.table_name = a.table_name
        WHERE NOT tenantry.is_audited(r.relation)
        UNION ALL
        SELECT t.ordinal, 8, g.position, t.table_name, g.gap
        FROM tables AS t
        CROSS JOIN LATERAL unnest(tenantry.reader_gaps(t.table_name)) WITH ORDINALITY AS g (gap, position)
        WHERE t.tenant_column IS NOT NULL AND (
            EXISTS (SELECT FROM pg_policy AS p WHERE p.polrelid = t.table_name AND p.polname = 'tenantry_readers')
            OR EXISTS (
                SELECT FROM pg_trigger AS g
                WHERE g.tgrelid = t.table_name AND g.tgfoid = 'tenantry.refuse_reader_change'::regproc
            )
        )
    ) AS g
    ORDER BY g.ordinal, g.rank, g.position;
END
$$;

COMMENT ON FUNCTION tenantry.gaps_of_tables(regclass[]) IS 'what is missing of the protection of tables';
REVOKE ALL ON FUNCTION tenantry.gaps_of_tables(regclass[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.gaps_of_tables(regclass[]) TO tenantry_admin, tenantry_auditor;
