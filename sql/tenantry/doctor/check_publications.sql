-- TNT603, TNT604: what publications carry out of the database. Row-level security does not bind them.
CREATE OR REPLACE FUNCTION tenantry_private.check_publications()
RETURNS TABLE (code text, object text, detail text, remedy text)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH published AS (
        SELECT p.pubname, p.puballtables, t.relid, t.relid::regclass::text AS name, t.qual IS NOT NULL AS is_filtered, c.relnamespace
        FROM pg_publication AS p
        CROSS JOIN LATERAL pg_get_publication_tables(p.pubname::text) AS t
        INNER JOIN pg_class AS c ON t.relid = c.oid
        WHERE p.pubinsert OR p.pubupdate OR p.pubdelete
    )

    SELECT
        'TNT603',
        format('publication %I', p.pubname),
        format('carries %s%s', min(p.name), CASE WHEN count(*) > 1 THEN format(' and %s more tables of tenantry', count(*) - 1) END),
        CASE
            WHEN p.puballtables THEN format(
                '-- It cannot be narrowed: create one for the tables that you mean, let the subscribers use that, then DROP PUBLICATION %I.', p.pubname
            )
            WHEN EXISTS (
                SELECT FROM pg_publication_namespace AS n
                INNER JOIN pg_publication AS q ON n.pnpubid = q.oid
                WHERE q.pubname = p.pubname AND n.pnnspid = 'tenantry_private'::regnamespace
            ) THEN format('ALTER PUBLICATION %I DROP TABLES IN SCHEMA tenantry_private;', p.pubname)
            ELSE format('ALTER PUBLICATION %I DROP TABLE %s;', p.pubname, string_agg(p.name, ', ' ORDER BY p.name))
        END
    FROM published AS p
    WHERE p.relnamespace = 'tenantry_private'::regnamespace
    GROUP BY p.pubname, p.puballtables
    UNION ALL
    SELECT
        'TNT604',
        format('publication %I', p.pubname),
        format('carries all tenants'' rows of %s%s', min(p.name), CASE WHEN count(*) > 1 THEN format(' and %s more', count(*) - 1) END),
        format('-- ALTER PUBLICATION %I SET TABLE … WHERE (…), or none, if its subscriber may have the rows of all tenants.', p.pubname)
    FROM published AS p
    INNER JOIN tenantry_private.watched_relations() AS w ON p.relid = w.relation
    WHERE w.is_protected AND NOT p.is_filtered
    GROUP BY p.pubname;
$$;

COMMENT ON FUNCTION tenantry_private.check_publications() IS 'find publications that carry rows of tenants away';
REVOKE ALL ON FUNCTION tenantry_private.check_publications() FROM PUBLIC;
