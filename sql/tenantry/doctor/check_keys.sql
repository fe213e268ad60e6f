-- TNT301 … TNT308: keys that reach across tenants. PostgreSQL checks them without policies, so they tell whether another
-- tenant's row exists, and what a key does to the rows that refer, it does to everybody's. An index of one uuid is left
-- alone: it answers only to who knows the value already.
CREATE OR REPLACE FUNCTION tenantry_private.check_keys()
RETURNS TABLE (code text, object text, detail text, remedy text)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
SET quote_all_identifiers = off
AS $$
    WITH watched AS MATERIALIZED (
        SELECT w.* FROM tenantry_private.watched_relations() AS w
    ),

    reachable AS MATERIALIZED (
        SELECT
            a.relation::oid AS relation, bool_or(a.privilege IN ('INSERT', 'UPDATE')) AS is_written,
            bool_or(a.privilege IN ('UPDATE', 'DELETE')) AS is_changed
        FROM tenantry_private.application_privileges() AS a
        GROUP BY a.relation
    ),

    unique_keys AS (
        SELECT
            w.name, w.tenant_column, i.indexrelid, k.oid AS key, k.conname, k.contype, i.indisexclusion, i.indisprimary,
            EXISTS (SELECT FROM pg_constraint AS f WHERE f.contype = 'f' AND f.conindid = i.indexrelid) AS is_referenced
        FROM watched AS w
        INNER JOIN pg_index AS i ON w.relation = i.indrelid AND (i.indisunique OR i.indisexclusion)
        LEFT JOIN pg_constraint AS k ON i.indexrelid = k.conindid AND k.conrelid = i.indrelid AND k.contype IN ('p', 'u', 'x')
        LEFT JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
        -- One that is open to everybody has nothing left to tell.
        WHERE NOT w.is_partition AND w.tenant_attnum IS NOT NULL AND (w.is_protected OR w.has_row_security)
            AND w.tenant_attnum <> ALL (i.indkey[0 : i.indnkeyatts - 1])
            AND NOT (i.indnkeyatts = 1 AND a.atttypid IS NOT DISTINCT FROM 'uuid'::regtype)
    ),

    foreign_keys AS MATERIALIZED (
        SELECT
            k.*, k.conrelid::regclass::text AS referencing, k.confrelid::regclass::text AS referenced,
            format('%I on %s', k.conname, k.conrelid::regclass) AS object,
            o.tenant_column AS own_column, t.tenant_column AS other_column, o.relation IS NOT NULL AS is_own, t.relation IS NOT NULL AS is_other,
            k.confdeltype IN ('c', 'n', 'd') OR k.confupdtype IN ('c', 'n', 'd') AS is_cascading,
            EXISTS (
                SELECT FROM unnest(k.conkey, k.confkey) AS c (own, other) WHERE c.own = o.tenant_attnum AND c.other = t.tenant_attnum
            ) AS is_within_tenant
        FROM pg_constraint AS k
        LEFT JOIN watched AS o ON k.conrelid = o.relation AND o.tenant_attnum IS NOT NULL
        LEFT JOIN watched AS t ON k.confrelid = t.relation AND t.tenant_attnum IS NOT NULL
        WHERE k.contype = 'f' AND k.conparentid = 0 AND k.confrelid <> 'tenantry.tenants'::regclass AND (o.relation IS NOT NULL OR t.relation IS NOT NULL)
    ),

    crossing AS (
        SELECT
            f.*,
            concat(
                CASE WHEN NOT EXISTS (
                    SELECT FROM pg_index AS i
                    WHERE i.indrelid = f.confrelid AND i.indisunique AND i.indpred IS NULL AND i.indnkeyatts = cardinality(f.confkey) + 1
                        AND i.indkey[0 : i.indnkeyatts - 1] @> (
                            f.confkey || (SELECT a.attnum FROM pg_attribute AS a WHERE a.attrelid = f.confrelid AND a.attname = f.other_column)
                        )
                )
                    THEN format(
                        'ALTER TABLE %s ADD UNIQUE (%I, %s); ', f.referenced, f.other_column,
                        (
                            SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY c.n)
                            FROM unnest(f.confkey) WITH ORDINALITY AS c (attnum, n)
                            INNER JOIN pg_attribute AS a ON a.attrelid = f.confrelid AND a.attnum = c.attnum
                        )
                    )
                END,
                format('ALTER TABLE %s DROP CONSTRAINT %I, ADD CONSTRAINT %2$I ', f.referencing, f.conname),
                tenantry_private.foreign_key_definition(f.oid, f.own_column, f.other_column),
                ';'
            ) AS remedy
        FROM foreign_keys AS f
        WHERE f.is_own AND f.is_other AND NOT f.is_within_tenant
    )

    SELECT
        CASE WHEN u.contype IS NOT DISTINCT FROM 'x' THEN 'TNT302' ELSE 'TNT301' END,
        u.indexrelid::regclass::text,
        format('unique index of %s without %I', u.name, u.tenant_column),
        CASE
            WHEN u.is_referenced
                THEN format('-- Foreign keys rest on it: let %s begin with %I, and them too.', u.indexrelid::regclass, u.tenant_column)
            WHEN u.contype = 'x' THEN format(
                'CREATE EXTENSION IF NOT EXISTS btree_gist; ALTER TABLE %s DROP CONSTRAINT %I, ADD CONSTRAINT %2$I %s;', u.name, u.conname,
                overlay(d.definition PLACING format('(%I WITH =, ', u.tenant_column) FROM strpos(d.definition, '(') FOR 1)
            )
            WHEN u.key IS NOT NULL THEN format(
                -- Of WITHOUT OVERLAPS, from PostgreSQL 18 on, the index is a GiST.
                CASE WHEN u.indisexclusion THEN 'CREATE EXTENSION IF NOT EXISTS btree_gist; ' ELSE '' END || 'ALTER TABLE %s DROP CONSTRAINT %I, ADD CONSTRAINT %2$I %s;', u.name, u.conname,
                overlay(d.definition PLACING format('(%I, ', u.tenant_column) FROM strpos(d.definition, '(') FOR 1)
            )
            ELSE format(
                'DROP INDEX %s; %s;', u.indexrelid::regclass, tenantry_private.index_with_tenant(u.indexrelid, u.tenant_column)
            )
        END
    FROM unique_keys AS u
    -- Its first parenthesis is the one that the columns follow.
    LEFT JOIN LATERAL pg_get_constraintdef(u.key) AS d (definition) ON true
    UNION ALL
    SELECT
        CASE WHEN c.is_cascading THEN 'TNT306' ELSE 'TNT305' END,
        c.object,
        format('lets a row of %s refer to another tenant''s row of %s%s', c.referencing, c.referenced, CASE WHEN c.is_cascading THEN ', and change with it' END),
        c.remedy
    FROM crossing AS c
    UNION ALL
    SELECT
        'TNT307', f.object, format('a change of %s, which the application can make, reaches every tenant''s rows of %s', f.referenced, f.referencing),
        format(
            'ALTER TABLE %s DROP CONSTRAINT %I, ADD CONSTRAINT %2$I %s;', f.referencing, f.conname,
            tenantry_private.foreign_key_definition(f.oid, p_is_cascading => false)
        )
    FROM foreign_keys AS f
    INNER JOIN reachable AS r ON f.confrelid = r.relation AND r.is_changed
    WHERE f.is_own AND NOT f.is_other AND f.is_cascading
    UNION ALL
    SELECT
        'TNT308', f.object, format('%s, which the application reaches, refers to rows of tenants and says no tenant', f.referencing),
        format('-- Give %s a tenant column, let %I begin with it, and call tenantry.protect(%1$L).', f.referencing, f.conname)
    FROM foreign_keys AS f
    INNER JOIN reachable AS r ON f.conrelid = r.relation
    WHERE NOT f.is_own AND NOT EXISTS (SELECT FROM tenantry_private.exempt_relations AS x WHERE x.relation = f.conrelid)
    UNION ALL
    SELECT
        'TNT309', f.object, format('no index of %s finds the rows that refer: changing a row of %s reads all of them', f.referencing, f.referenced),
        format(
            'CREATE INDEX ON %s (%s);', f.referencing,
            (
                SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY c.n)
                FROM unnest(f.conkey) WITH ORDINALITY AS c (attnum, n)
                INNER JOIN pg_attribute AS a ON a.attrelid = f.conrelid AND a.attnum = c.attnum
            )
        )
    FROM foreign_keys AS f
    WHERE f.is_own AND f.is_other AND f.is_within_tenant
        AND NOT EXISTS (
            -- One that begins with the tenant is read for that tenant alone, which will do where the rest of it follows.
            SELECT FROM pg_index AS i
            WHERE i.indrelid = f.conrelid AND i.indpred IS NULL AND i.indisvalid
                AND i.indkey[0 : cardinality(f.conkey) - 1] @> f.conkey
        );
$$;

COMMENT ON FUNCTION tenantry_private.check_keys() IS 'find keys that reach across tenants';
REVOKE ALL ON FUNCTION tenantry_private.check_keys() FROM PUBLIC;
