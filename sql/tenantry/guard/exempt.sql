-- Declare that a table, view, materialized view or foreign table needs no protection, and why. The reason is for people: the
-- doctor lists it.
CREATE OR REPLACE FUNCTION tenantry.exempt(p_table regclass, p_reason text)
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_relation record;
BEGIN
    PERFORM tenantry_private.check_reason(p_reason);
    SELECT c.relkind, c.relispartition, c.relpersistence, n.nspname INTO v_relation
    FROM pg_class AS c
    INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
    WHERE c.oid = p_table;
    IF v_relation.relkind IS NULL OR v_relation.relkind NOT IN ('r', 'p', 'v', 'm', 'f') OR v_relation.relpersistence = 't'
        OR v_relation.nspname IN ('tenantry', 'tenantry_private', 'pg_catalog', 'information_schema')
    THEN
        RAISE EXCEPTION USING
            ERRCODE = 'wrong_object_type',
            MESSAGE = format('%s is nothing that the guard looks at', p_table),
            HINT = 'Exempt tables, views, materialized views and foreign tables of your application.';
    END IF;
    IF v_relation.relispartition THEN
        RAISE EXCEPTION USING
            ERRCODE = 'wrong_object_type',
            MESSAGE = format('%s is a partition, and is not exempt alone', p_table),
            HINT = format('Exempt its partitioned table, which exempts every partition: SELECT tenantry.exempt(%L, …).', pg_partition_root(p_table));
    END IF;
    INSERT INTO tenantry_private.exempt_relations AS e (relation, reason) VALUES (p_table, p_reason)
    ON CONFLICT (relation) DO UPDATE
        SET reason = excluded.reason, exempted_by = excluded.exempted_by, exempted_at = excluded.exempted_at;
    DELETE FROM tenantry_private.guarded_relations AS g
    WHERE g.root = p_table OR g.relation IN (SELECT r FROM tenantry.relations_of(p_table) AS r);
END
$$;

COMMENT ON FUNCTION tenantry.exempt(regclass, text) IS 'declare that a relation needs no protection, and why';
REVOKE ALL ON FUNCTION tenantry.exempt(regclass, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.exempt(regclass, text) TO tenantry_admin;
