-- TNT322: the planner's samples of everybody's values. The views pg_stats and pg_stats_ext hide them; the tables do not.
CREATE OR REPLACE FUNCTION tenantry_private.check_statistics()
RETURNS TABLE (code text, object text, detail text, remedy text)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        'TNT322',
        c.relname,
        'the application may read samples of every tenant''s values',
        format(
            'REVOKE SELECT ON pg_catalog.%I FROM %s;', c.relname,
            string_agg(DISTINCT tenantry_private.grantee_name(a.grantee), ', ')
        )
    FROM tenantry_private.application_privileges() AS a
    INNER JOIN pg_class AS c ON a.relation = c.oid
    WHERE c.oid IN ('pg_statistic'::regclass, 'pg_statistic_ext_data'::regclass) AND a.privilege = 'SELECT'
        AND c.relnamespace = 'pg_catalog'::regnamespace
        -- Columns of pg_statistic_ext_data that name the object alone are public.
        AND (a.attnum = 0 OR a.attnum > 3)
    GROUP BY c.relname;
$$;

COMMENT ON FUNCTION tenantry_private.check_statistics() IS 'find statistics that the application may read';
REVOKE ALL ON FUNCTION tenantry_private.check_statistics() FROM PUBLIC;
