-- Remember relations, with their partitions, as whole but for those that are not.
CREATE OR REPLACE FUNCTION tenantry_private.remember(p_roots oid[], p_unprotected oid[] DEFAULT '{}')
RETURNS void
LANGUAGE sql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    INSERT INTO tenantry_private.guarded_relations AS g (relation, root, is_whole)
    SELECT t.relation, t.root, t.root <> ALL (p_unprotected)
    FROM (
        SELECT p AS relation, r AS root FROM unnest(p_roots) AS r, tenantry.relations_of(r) AS p
    ) AS t
    WHERE NOT EXISTS (SELECT FROM tenantry_private.exempt_relations AS e WHERE e.relation = t.root)
    ON CONFLICT (relation) DO UPDATE SET root = excluded.root, is_whole = excluded.is_whole
        WHERE (g.root, g.is_whole) <> (excluded.root, excluded.is_whole);
$$;

COMMENT ON FUNCTION tenantry_private.remember(oid[], oid[]) IS 'remember relations as whole but for those that are not';
REVOKE ALL ON FUNCTION tenantry_private.remember(oid[], oid[]) FROM PUBLIC;
