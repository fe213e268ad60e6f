-- TNT201 … TNT205: what shows rows of tenants under other rights than its reader's. A view without security_invoker asks as
-- its owner: the worse where policies do not bind that role. Views that are security_invoker hand the rights of the view
-- above them on, so the tables below those count as well. Not temporary
-- ones, which other sessions cannot read.
CREATE OR REPLACE FUNCTION tenantry_private.check_views()
RETURNS TABLE (code text, object text, detail text, remedy text)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH RECURSIVE views AS MATERIALIZED (
        SELECT
            c.oid, c.oid::regclass::text AS name, c.relkind, c.relowner,
            coalesce(bool_or(o.option_value::boolean) FILTER (WHERE o.option_name = 'security_invoker'), false) AS is_invoker,
            coalesce(bool_or(o.option_value::boolean) FILTER (WHERE o.option_name = 'security_barrier'), false) AS is_barrier
        FROM pg_class AS c
        INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
        LEFT JOIN LATERAL pg_options_to_table(c.reloptions) AS o ON o.option_name IN ('security_invoker', 'security_barrier')
        WHERE c.relkind IN ('v', 'm') AND c.relpersistence <> 't' AND n.nspname NOT IN ('tenantry', 'tenantry_private', 'pg_catalog', 'information_schema')
            AND NOT EXISTS (SELECT FROM tenantry_private.exempt_relations AS x WHERE x.relation = c.oid)
        GROUP BY c.oid
    ),

    uses AS MATERIALIZED (
        SELECT DISTINCT r.ev_class AS view, d.refobjid AS relation
        FROM pg_rewrite AS r
        INNER JOIN pg_depend AS d
            ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> r.ev_class
        WHERE r.ev_class IN (SELECT v.oid FROM views AS v)
    ),

    reached AS (
        SELECT u.view, u.relation, false AS is_kept FROM uses AS u
        UNION
        SELECT r.view, u.relation, r.is_kept OR v.relkind = 'm'
        FROM reached AS r
        INNER JOIN views AS v ON r.relation = v.oid AND (v.is_invoker OR v.relkind = 'm')
        INNER JOIN uses AS u ON v.oid = u.view
    ),

    readable AS MATERIALIZED (
        SELECT
            a.relation,
            string_agg(DISTINCT tenantry_private.grantee_name(a.grantee), ', ') AS grantees
        FROM tenantry_private.application_privileges() AS a
        GROUP BY a.relation
    ),

    watched AS MATERIALIZED (
        SELECT w.* FROM tenantry_private.watched_relations() AS w
    ),

    over_tenants AS (
        SELECT
            v.oid, v.name, v.relkind, v.relowner, v.is_invoker, v.is_barrier, g.grantees,
            string_agg(DISTINCT w.name, ', ' ORDER BY w.name) AS tables, bool_or(r.is_kept) AS is_kept,
            bool_or(r.is_kept OR o.rolsuper OR o.rolbypassrls OR NOT w.has_row_security OR (NOT w.is_forced AND pg_has_role(o.oid, w.owner, 'USAGE'))) AS is_exempt
        FROM views AS v
        INNER JOIN reached AS r ON v.oid = r.view
        INNER JOIN watched AS w ON r.relation = w.relation AND w.kind IN ('r', 'p', 'f')
        INNER JOIN pg_roles AS o ON v.relowner = o.oid
        LEFT JOIN readable AS g ON v.oid = g.relation
        GROUP BY v.oid, v.name, v.relkind, v.relowner, v.is_invoker, v.is_barrier, g.grantees
    )

    SELECT
        CASE WHEN v.is_exempt AND v.grantees IS NOT NULL THEN 'TNT201' ELSE 'TNT202' END,
        v.name,
        concat(
            'reads ', v.tables, ' as ', v.relowner::regrole,
            CASE WHEN v.is_kept THEN ', out of a materialized view' WHEN v.is_exempt THEN ', whom the policies do not bind' END,
            '; read by ' || v.grantees
        ),
        format('ALTER VIEW %s SET (security_invoker = true);', v.name)
    FROM over_tenants AS v
    WHERE v.relkind = 'v' AND NOT v.is_invoker
    UNION ALL
    SELECT
        'TNT203', v.name, 'picks rows itself, and a function in the query of its reader may see the others first',
        format('ALTER VIEW %s SET (security_barrier = true);', v.name)
    FROM over_tenants AS v
    WHERE v.relkind = 'v' AND NOT v.is_invoker AND v.is_exempt AND NOT v.is_barrier AND v.grantees IS NOT NULL
        AND pg_get_viewdef(v.oid) ~ '\mWHERE\M'
    UNION ALL
    SELECT
        'TNT204', v.name, format('keeps rows of %s; read by %s', v.tables, v.grantees),
        format('REVOKE ALL ON %s FROM %s;', v.name, v.grantees)
    FROM over_tenants AS v
    WHERE v.relkind = 'm' AND v.grantees IS NOT NULL
    UNION ALL
    SELECT
        'TNT204', v.name, format('keeps rows of %s; the application calls %s, which reads it', v.tables, d.routine),
        format('REVOKE EXECUTE ON ROUTINE %s FROM %s;', d.routine, g.grantees)
    FROM over_tenants AS v
    INNER JOIN tenantry_private.definer_reach() AS d ON v.oid = d.relation
    CROSS JOIN LATERAL (
        SELECT string_agg(tenantry_private.grantee_name(x.grantee), ', ' ORDER BY x.grantee) AS grantees
        FROM pg_proc AS p
        CROSS JOIN LATERAL aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS x
        WHERE p.oid = d.routine AND x.grantee <> p.proowner AND x.grantee IN (SELECT a FROM tenantry_private.application_grantees() AS a)
    ) AS g
    WHERE v.relkind = 'm'
    UNION ALL
    SELECT
        'TNT205', w.name, format('has tenant column %I; read by %s', w.tenant_column, g.grantees),
        format('REVOKE ALL ON %s FROM %s;', w.name, g.grantees)
    FROM watched AS w
    INNER JOIN readable AS g ON w.relation = g.relation
    WHERE w.kind = 'f';
$$;

COMMENT ON FUNCTION tenantry_private.check_views() IS 'find views and their like that show rows under other rights than the reader''s';
REVOKE ALL ON FUNCTION tenantry_private.check_views() FROM PUBLIC;
