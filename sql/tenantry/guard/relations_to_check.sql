-- The relations that the guard judges for what a transaction has touched, partitioned tables for their partitions: in managed
-- schemas, or watched since they were whole in one. A table whose partition was detached is judged with it, one that
-- inherits with its parents. Of a dropped index only the schema is known, of GRANT nothing (p_has_grants): those tables are
-- judged then that have lost their index, or that the application may truncate or owns.
CREATE OR REPLACE FUNCTION tenantry_private.relations_to_check(p_relations oid[], p_schemas_of_indexes oid[], p_has_grants boolean)
RETURNS oid[]
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_touched oid[] := p_relations;
    v_application oid[];
BEGIN
    v_touched := v_touched || ARRAY(SELECT i.inhparent FROM pg_inherits AS i WHERE i.inhrelid = ANY (p_relations));
    IF p_schemas_of_indexes IS NOT NULL THEN
        v_touched := v_touched || ARRAY(
            SELECT c.oid
            FROM tenantry_private.guarded_relations AS g
            INNER JOIN pg_class AS c ON g.relation = c.oid
            WHERE g.is_whole AND g.relation = g.root AND c.relkind IN ('r', 'p') AND c.relnamespace = ANY (p_schemas_of_indexes)
                AND NOT tenantry.has_tenant_index(c.oid, tenantry.policy_column(c.oid, 'tenantry_isolation'))
        );
    END IF;
    IF p_has_grants THEN
        v_application := ARRAY(SELECT r::oid FROM tenantry.application_roles() AS r);
        v_touched := v_touched || ARRAY(
            SELECT c.oid
            FROM tenantry_private.guarded_relations AS g
            INNER JOIN pg_class AS c ON g.relation = c.oid
            WHERE g.is_whole AND c.relkind IN ('r', 'p') AND (
                c.relowner = ANY (v_application)
                OR EXISTS (
                    SELECT FROM aclexplode(c.relacl) AS x
                    WHERE x.privilege_type IN ('TRUNCATE', 'REFERENCES', 'TRIGGER') AND x.grantee = ANY (0::oid || v_application)
                )
                OR EXISTS (
                    SELECT FROM pg_attribute AS a, aclexplode(a.attacl) AS x
                    WHERE a.attrelid = c.oid AND x.privilege_type = 'REFERENCES' AND x.grantee = ANY (0::oid || v_application)
                )
            )
        );
    END IF;

    RETURN ARRAY(
        WITH roots AS (
            SELECT DISTINCT coalesce(pg_partition_root(t)::oid, t) AS root FROM unnest(v_touched) AS t
        ),

        candidates AS (
            SELECT r.root FROM roots AS r
            UNION
            SELECT coalesce(pg_partition_root(g.relation)::oid, g.relation)
            FROM roots AS r
            INNER JOIN tenantry_private.guarded_relations AS g ON r.root = g.root
        )

        SELECT c.oid
        FROM candidates AS d
        INNER JOIN pg_class AS c ON d.root = c.oid
        WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relpersistence <> 't' AND (
            tenantry_private.is_managed(c.relnamespace)
            OR EXISTS (SELECT FROM tenantry_private.guarded_relations AS g WHERE g.relation = c.oid AND g.is_whole)
            OR EXISTS (
                SELECT FROM tenantry.relations_of(c.oid) AS r
                INNER JOIN pg_class AS p ON r = p.oid
                LEFT JOIN tenantry_private.guarded_relations AS g ON p.oid = g.relation
                WHERE g.is_whole OR tenantry_private.is_managed(p.relnamespace)
            )
        )
        ORDER BY c.oid
    );
END
$$;

COMMENT ON FUNCTION tenantry_private.relations_to_check(oid[], oid[], boolean)
IS 'the relations that the guard judges for what was touched';
REVOKE ALL ON FUNCTION tenantry_private.relations_to_check(oid[], oid[], boolean) FROM PUBLIC;
