-- What the guard finds: gaps of relations, and whether it lets them be because they are remembered as not whole; SECURITY DEFINER
-- routines of managed schemas; and routines of ours that anything but an extension's script has changed. A child that is not
-- watched itself is its parent's gap.
CREATE OR REPLACE FUNCTION tenantry_private.guard_findings(p_relations oid[], p_routines oid[] DEFAULT NULL)
RETURNS TABLE (relation regclass, object text, gap text, remedy text, exemption text, is_let_be boolean)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_let_be CONSTANT oid[] := tenantry_private.let_be(p_relations);
BEGIN
    RETURN QUERY
    SELECT
        f.watched, f.watched::text, f.gap, f.remedy,
        -- Not where the remedy is the same, nor where a child shows its rows whatever is said of one of the two.
        CASE
            WHEN f.kind NOT IN ('materialized view', 'foreign table')
                AND NOT bool_or(f.kind = 'inheritance') OVER (PARTITION BY f.watched)
                THEN format('SELECT tenantry.exempt(%L, %L);', f.watched::text, '…')
        END,
        coalesce(f.watched = ANY (v_let_be), false)
    FROM (
        SELECT
            u.kind, u.gap, u.remedy,
            CASE
                WHEN u.relation = ANY (p_relations) THEN u.relation
                ELSE (SELECT i.inhparent FROM pg_inherits AS i WHERE i.inhrelid = u.relation AND i.inhparent = ANY (p_relations) LIMIT 1)
            END::regclass AS watched
        FROM tenantry_private.unprotected_relations(p_relations) AS u
    ) AS f;

    RETURN QUERY
    SELECT
        e.relation, e.relation::text, format('%s was protected, and is a partition of %s, which is exempt', r, e.relation),
        format('ALTER TABLE %s DETACH PARTITION %s;', i.inhparent::regclass, r),
        format('SELECT tenantry.exempt(%L, %L);', e.relation::text, '…'), false
    FROM tenantry_private.exempt_relations AS e
    CROSS JOIN LATERAL tenantry.relations_of(e.relation) AS r
    INNER JOIN tenantry_private.guarded_relations AS g ON r = g.relation
    INNER JOIN pg_inherits AS i ON r = i.inhrelid
    WHERE e.relation = ANY (p_relations) AND g.is_whole;

    IF p_routines IS NULL THEN
        RETURN;
    END IF;
    RETURN QUERY
    SELECT NULL::regclass, u.routine::text, u.gap, u.remedy, format('SELECT tenantry.exempt_routine(%L, %L);', u.routine::text, '…'), false
    FROM tenantry_private.unsafe_routines(p_routines) AS u
    WHERE tenantry_private.is_managed((SELECT p.pronamespace FROM pg_proc AS p WHERE p.oid = u.routine));

    RETURN QUERY
    SELECT
        NULL::regclass, p.oid::regprocedure::text, format('%s belongs to tenantry, whose scripts alone change it', p.oid::regprocedure),
        'SELECT tenantry.set_guard(''off'');', NULL, false
    FROM pg_proc AS p
    INNER JOIN pg_depend AS d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
    INNER JOIN pg_extension AS e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
    WHERE p.oid = ANY (p_routines) AND e.extname LIKE 'tenantry%';
END
$$;

COMMENT ON FUNCTION tenantry_private.guard_findings(oid[], oid[]) IS 'what the guard finds';
REVOKE ALL ON FUNCTION tenantry_private.guard_findings(oid[], oid[]) FROM PUBLIC;
