-- TNT201: views over protected tables that ask with their owner's rights. The policies then bind the owner, who may be
-- exempt from them, instead of the reader.
CREATE OR REPLACE FUNCTION tenantry_private.check_views()
RETURNS TABLE (code text, object text, detail text, remedy text)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        'TNT201',
        v.oid::regclass::text,
        format('reads %s as %s', string_agg(DISTINCT w.name, ', ' ORDER BY w.name), v.relowner::regrole),
        format('ALTER VIEW %s SET (security_invoker = true);', v.oid::regclass)
    FROM pg_class AS v
    INNER JOIN pg_rewrite AS r ON v.oid = r.ev_class
    INNER JOIN pg_depend AS d
        ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> v.oid
    INNER JOIN tenantry_private.watched_relations() AS w ON d.refobjid = w.relation AND w.kind IN ('r', 'p')
    WHERE v.relkind = 'v'
        AND NOT coalesce(
            (SELECT o.option_value::boolean FROM pg_options_to_table(v.reloptions) AS o WHERE o.option_name = 'security_invoker'), false
        )
    GROUP BY v.oid;
$$;

COMMENT ON FUNCTION tenantry_private.check_views() IS 'find views that read protected tables with their owner''s rights';
REVOKE ALL ON FUNCTION tenantry_private.check_views() FROM PUBLIC;
