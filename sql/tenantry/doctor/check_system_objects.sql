-- TNT419: functions, tables and columns that their installation keeps from PUBLIC, and that the application was granted: those
-- that read files and statistics, reset counters, export large objects, or connect as somebody else.
CREATE OR REPLACE FUNCTION tenantry_private.check_system_objects()
RETURNS TABLE (code text, object text, detail text, remedy text)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH grantees AS (SELECT g AS grantee FROM tenantry_private.application_grantees() AS g),

    -- Of what initdb or an extension has restricted, whose list does not name the grantee.
    restricted AS (
        SELECT i.objoid, i.classoid, i.initprivs FROM pg_init_privs AS i WHERE i.objsubid = 0
    )

    SELECT
        'TNT419',
        p.oid::regprocedure::text,
        format('%s may execute it', tenantry_private.grantee_name(x.grantee)),
        format('REVOKE EXECUTE ON FUNCTION %s FROM %s;', p.oid::regprocedure, tenantry_private.grantee_name(x.grantee))
    FROM restricted AS i
    INNER JOIN pg_proc AS p ON i.classoid = 'pg_proc'::regclass AND i.objoid = p.oid
    CROSS JOIN LATERAL aclexplode(p.proacl) AS x
    WHERE x.grantee IN (SELECT g.grantee FROM grantees AS g)
        AND NOT EXISTS (
            SELECT FROM aclexplode(i.initprivs) AS o WHERE o.grantee IN (0, x.grantee) AND o.privilege_type = x.privilege_type
        )
        AND p.pronamespace NOT IN ('tenantry'::regnamespace, 'tenantry_private'::regnamespace)
    UNION ALL
    SELECT
        'TNT419',
        c.oid::regclass::text,
        format('%s holds %s', tenantry_private.grantee_name(x.grantee), string_agg(x.privilege_type, ', ' ORDER BY x.privilege_type)),
        format(
            'REVOKE %s ON TABLE %s FROM %s;', string_agg(x.privilege_type, ', ' ORDER BY x.privilege_type), c.oid::regclass,
            tenantry_private.grantee_name(x.grantee)
        )
    FROM restricted AS i
    INNER JOIN pg_class AS c ON i.classoid = 'pg_class'::regclass AND i.objoid = c.oid
    CROSS JOIN LATERAL aclexplode(c.relacl) AS x
    WHERE x.grantee IN (SELECT g.grantee FROM grantees AS g)
        AND NOT EXISTS (
            SELECT FROM aclexplode(i.initprivs) AS o WHERE o.grantee IN (0, x.grantee) AND o.privilege_type = x.privilege_type
        )
        AND c.relnamespace NOT IN ('tenantry'::regnamespace, 'tenantry_private'::regnamespace)
    GROUP BY c.oid, x.grantee;
$$;

COMMENT ON FUNCTION tenantry_private.check_system_objects() IS 'find objects of the system that were opened to the application';
REVOKE ALL ON FUNCTION tenantry_private.check_system_objects() FROM PUBLIC;
