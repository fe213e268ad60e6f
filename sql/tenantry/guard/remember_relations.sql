-- Look at relations that are watched, or are to be from now on, and remember which are whole: those of one managed schema or,
-- without any, of all, and those that have left one.
CREATE OR REPLACE FUNCTION tenantry_private.remember_relations(p_schema oid DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_roots CONSTANT oid[] := ARRAY(
        SELECT DISTINCT coalesce(pg_partition_root(c.oid)::oid, c.oid)
        FROM pg_class AS c
        WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relpersistence <> 't'
            AND CASE
                WHEN p_schema IS NOT NULL THEN c.relnamespace = p_schema
                ELSE tenantry_private.is_managed(c.relnamespace)
                    OR EXISTS (SELECT FROM tenantry_private.guarded_relations AS g WHERE g.relation = c.oid)
            END
    );
BEGIN
    PERFORM tenantry_private.remember(v_roots, ARRAY(SELECT DISTINCT f.relation::oid FROM tenantry_private.guard_findings(v_roots) AS f));
END
$$;

COMMENT ON FUNCTION tenantry_private.remember_relations(oid) IS 'remember which of the watched relations are whole';
REVOKE ALL ON FUNCTION tenantry_private.remember_relations(oid) FROM PUBLIC;
