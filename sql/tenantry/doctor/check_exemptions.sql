-- TNT190: what has been exempted, so that somebody asks now and then whether the reason still holds.
CREATE OR REPLACE FUNCTION tenantry_private.check_exemptions()
RETURNS TABLE (code text, object text, detail text, remedy text)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT 'TNT190', x.relation::text, concat('is exempt: ', x.reason), format('SELECT tenantry.unexempt(%L);', x.relation)
    FROM tenantry_private.exempt_relations AS x
    INNER JOIN pg_class AS c ON x.relation = c.oid
    UNION ALL
    SELECT 'TNT190', x.signature, concat('is exempt: ', x.reason), format('SELECT tenantry.unexempt_routine(%L);', x.signature)
    FROM tenantry_private.exempt_routines AS x
    -- to_regprocedure() fails where a type is gone, or a schema is one on which tenantry_owner has no privilege.
    WHERE x.signature IN (SELECT p.oid::regprocedure::text FROM pg_proc AS p);
$$;

COMMENT ON FUNCTION tenantry_private.check_exemptions() IS 'list what has been exempted';
REVOKE ALL ON FUNCTION tenantry_private.check_exemptions() FROM PUBLIC;
