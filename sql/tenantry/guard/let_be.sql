-- Those relations whose gaps the guard lets be: they are remembered as not whole, and nothing that was whole has become a
-- partition of them.
CREATE OR REPLACE FUNCTION tenantry_private.let_be(p_relations oid[])
RETURNS oid[]
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN ARRAY(
        SELECT g.relation
        FROM tenantry_private.guarded_relations AS g
        WHERE g.relation = ANY (p_relations) AND NOT g.is_whole AND NOT EXISTS (
            SELECT FROM tenantry.relations_of(g.relation) AS r
            INNER JOIN tenantry_private.guarded_relations AS p ON r = p.relation
            WHERE p.is_whole
        )
    );
END
$$;

COMMENT ON FUNCTION tenantry_private.let_be(oid[]) IS 'those relations whose gaps the guard lets be';
REVOKE ALL ON FUNCTION tenantry_private.let_be(oid[]) FROM PUBLIC;
