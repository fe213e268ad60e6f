-- A foreign key as it would be with the tenant first on both sides, where columns for it are given, or without what it does
-- to the rows that refer. SET NULL is said of the columns that it was about, so that the tenant stays; after an UPDATE that
-- cannot be said, and MATCH FULL would not let the others be null.
CREATE OR REPLACE FUNCTION tenantry_private.foreign_key_definition(
    p_constraint oid, p_own_tenant name DEFAULT NULL, p_other_tenant name DEFAULT NULL, p_is_cascading boolean DEFAULT true
)
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
SET quote_all_identifiers = off
AS $$
    SELECT concat(
        format(
            'FOREIGN KEY (%s) REFERENCES %s (%s)',
            concat_ws(', ', quote_ident(p_own_tenant), c.own), k.confrelid::regclass, concat_ws(', ', quote_ident(p_other_tenant), c.other)
        ),
        CASE
            WHEN NOT p_is_cascading THEN NULL
            WHEN k.confdeltype = 'c' THEN ' ON DELETE CASCADE'
            WHEN k.confdeltype = 'n' THEN format(' ON DELETE SET NULL (%s)', c.set)
            WHEN k.confdeltype = 'd' THEN format(' ON DELETE SET DEFAULT (%s)', c.set)
            WHEN k.confdeltype = 'r' THEN ' ON DELETE RESTRICT'
        END,
        CASE
            WHEN k.confupdtype = 'c' AND p_is_cascading THEN ' ON UPDATE CASCADE'
            WHEN k.confupdtype = 'r' THEN ' ON UPDATE RESTRICT'
        END,
        CASE WHEN k.condeferrable THEN ' DEFERRABLE' END,
        CASE WHEN k.condeferred THEN ' INITIALLY DEFERRED' END
    )
    FROM pg_constraint AS k
    CROSS JOIN LATERAL (
        SELECT
            string_agg(quote_ident(a.attname), ', ' ORDER BY u.n) AS own,
            string_agg(quote_ident(b.attname), ', ' ORDER BY u.n) AS other,
            string_agg(quote_ident(a.attname), ', ' ORDER BY u.n)
                FILTER (WHERE k.confdelsetcols IS NULL OR u.own = ANY (k.confdelsetcols)) AS set
        FROM unnest(k.conkey, k.confkey) WITH ORDINALITY AS u (own, other, n)
        INNER JOIN pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = u.own
        INNER JOIN pg_attribute AS b ON b.attrelid = k.confrelid AND b.attnum = u.other
    ) AS c
    WHERE k.oid = p_constraint;
$$;

COMMENT ON FUNCTION tenantry_private.foreign_key_definition(oid, name, name, boolean) IS 'a foreign key as it would be within the tenant';
REVOKE ALL ON FUNCTION tenantry_private.foreign_key_definition(oid, name, name, boolean) FROM PUBLIC;
