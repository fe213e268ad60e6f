-- TNT110 … TNT125: what is missing of protections, by the words of the gap. A partition that was never protected is one
-- finding, whatever it lacks. TNT206: rules on protected tables.
CREATE OR REPLACE FUNCTION tenantry_private.check_protection()
RETURNS TABLE (code text, object text, detail text, remedy text)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH unprotected AS MATERIALIZED (
        SELECT u.* FROM tenantry_private.unprotected_relations() AS u
    ),

    gaps AS MATERIALIZED (
        SELECT
            CASE g.kind WHEN 'inheritance' THEN 'TNT113' ELSE coalesce(k.code, 'TNT111') END AS code,
            coalesce(nullif((regexp_match(g.gap, k.pattern))[1], ''), g.relation::text) AS object,
            g.gap,
            g.remedy
        FROM unprotected AS g
        LEFT JOIN (
            VALUES
            ('TNT110', '^row-level security of (.+) is not enabled and forced$'),
            ('TNT111', '^policy tenantry_(?:isolation|access)\w* of (.+) is missing or altered$'),
            ('TNT111', '^policy .+ of (.+) sees the rows of every tenant'),
            ('TNT114', '^(.+) lets the tenant of a row change$'),
            ('TNT115', '^(.+) can be truncated by'),
            ('TNT116', '^the application holds TRUNCATE, REFERENCES or TRIGGER on (.+)$'),
            ('TNT117', '^the application can act as the owner of (.+)$'),
            ('TNT118', '^()column ".+" may be null$'),
            ('TNT119', '^()column ".+" is not filled from the context$'),
            ('TNT120', '^()no cascading foreign key to tenantry.tenants$'),
            ('TNT121', '^()no index that begins with'),
            ('TNT122', '^no permissive policy of (.+) lets anybody see a row$'),
            ('TNT123', '^policy tenantry_permission of (.+) is missing or altered$'),
            ('TNT123', '^(.+) lets the permission level of a row be lowered'),
            ('TNT124', '^policy tenantry_(?:readers|row_owner) of (.+) is missing or altered$'),
            ('TNT124', '^(.+) lets who reads a row be changed'),
            ('TNT125', '^changes of (.+) are not audited$')
        ) AS k (code, pattern) ON g.gap ~ k.pattern
        WHERE g.kind IN ('protection', 'inheritance')
    )

    SELECT f.code, f.object, string_agg(f.gap, '; ' ORDER BY f.gap), f.remedy
    FROM (
        SELECT
            CASE
                WHEN w.is_partition
                    AND NOT EXISTS (SELECT FROM pg_policy AS p WHERE p.polrelid = w.relation AND p.polname = 'tenantry_isolation')
                    THEN 'TNT112'
                ELSE g.code
            END AS code,
            g.object, g.gap,
            -- What the application may have made of it would run with the rights of its next owner.
            CASE g.code
                WHEN 'TNT117' THEN format('-- Read the rules, triggers and indexes of %s, which any tenant may have made, then: %s', g.object, g.remedy)
                ELSE g.remedy
            END AS remedy
        FROM gaps AS g
        -- to_regclass() would refuse to look into a schema on which tenantry_owner has no privilege.
        INNER JOIN tenantry_private.watched_relations() AS w ON g.object = w.name
    ) AS f
    GROUP BY f.code, f.object, f.remedy
    UNION ALL
    SELECT 'TNT206', r.names[1] || ' on ' || r.names[2], 'runs with the rights of the table''s owner', u.remedy
    FROM unprotected AS u
    CROSS JOIN LATERAL regexp_match(u.gap, '^rule (.+) of (.+) runs with the rights') AS r (names)
    WHERE u.kind = 'rule';
$$;

COMMENT ON FUNCTION tenantry_private.check_protection() IS 'find what is missing of protections';
REVOKE ALL ON FUNCTION tenantry_private.check_protection() FROM PUBLIC;
