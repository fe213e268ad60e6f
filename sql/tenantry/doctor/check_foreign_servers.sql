-- TNT607 to TNT609: other servers, this one among them, that the application reaches as somebody else.
CREATE OR REPLACE FUNCTION tenantry_private.check_foreign_servers()
RETURNS TABLE (code text, object text, detail text, remedy text)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH servers AS (
        SELECT
            f.oid, f.srvname, f.srvacl, f.srvowner, w.fdwname, o.host, o.port
        FROM pg_foreign_server AS f
        INNER JOIN pg_foreign_data_wrapper AS w ON f.srvfdw = w.oid
        CROSS JOIN LATERAL (
            SELECT
                max(p.option_value) FILTER (WHERE p.option_name IN ('host', 'hostaddr')) AS host,
                max(p.option_value) FILTER (WHERE p.option_name = 'port') AS port
            FROM pg_options_to_table(f.srvoptions) AS p
        ) AS o
    ),

    mappings AS (
        SELECT
            s.srvname, m.umuser,
            s.fdwname IN ('postgres_fdw', 'dblink_fdw')
            AND coalesce(s.host, '') ~ '^(|/.*|localhost|127\..*|::1)$'
            AND coalesce(s.port, current_setting('port')) = current_setting('port') AS is_loop
        FROM servers AS s
        INNER JOIN pg_user_mappings AS m ON s.oid = m.srvid
        WHERE m.umuser IN (SELECT g FROM tenantry_private.application_grantees() AS g)
    )

    SELECT
        CASE WHEN m.is_loop THEN 'TNT607' ELSE 'TNT608' END,
        format('server %I', m.srvname),
        format(
            '%s, with the user that a mapping of %s stores',
            CASE WHEN m.is_loop THEN 'leads back to this server' ELSE 'is reached by the application' END,
            tenantry_private.grantee_name(m.umuser)
        ),
        format('DROP USER MAPPING FOR %s SERVER %I;', tenantry_private.grantee_name(m.umuser), m.srvname)
    FROM mappings AS m
    UNION ALL
    SELECT
        'TNT608',
        format('%s %I', k.kind, k.name),
        format('%s may use it', tenantry_private.grantee_name(x.grantee)),
        format(
            'REVOKE USAGE ON FOREIGN %s %I FROM %s;', CASE WHEN k.kind = 'server' THEN 'SERVER' ELSE 'DATA WRAPPER' END, k.name,
            tenantry_private.grantee_name(x.grantee)
        )
    FROM (
        SELECT 'server' AS kind, s.srvname AS name, s.srvacl AS acl, s.srvowner AS owner FROM servers AS s
        UNION ALL
        SELECT 'foreign-data wrapper', w.fdwname, w.fdwacl, w.fdwowner FROM pg_foreign_data_wrapper AS w
    ) AS k
    CROSS JOIN LATERAL aclexplode(k.acl) AS x
    WHERE x.grantee <> k.owner AND x.grantee IN (SELECT g FROM tenantry_private.application_grantees() AS g)
    UNION ALL
    SELECT
        'TNT609',
        format('extension %I', e.extname),
        format('%s may connect to any server through it', string_agg(DISTINCT tenantry_private.grantee_name(x.grantee), ', ')),
        string_agg(
            format('REVOKE EXECUTE ON FUNCTION %s FROM %s;', p.oid::regprocedure, tenantry_private.grantee_name(x.grantee)),
            ' ' ORDER BY p.oid::regprocedure::text
        )
    FROM pg_extension AS e
    INNER JOIN pg_depend AS d ON e.oid = d.refobjid AND d.refclassid = 'pg_extension'::regclass AND d.classid = 'pg_proc'::regclass
        AND d.deptype = 'e'
    INNER JOIN pg_proc AS p ON d.objid = p.oid
    CROSS JOIN LATERAL aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS x
    WHERE e.extname = 'dblink' AND p.proname IN ('dblink', 'dblink_connect', 'dblink_exec', 'dblink_open', 'dblink_send_query')
        AND x.grantee IN (SELECT g FROM tenantry_private.application_grantees() AS g)
    GROUP BY e.extname;
$$;

COMMENT ON FUNCTION tenantry_private.check_foreign_servers() IS 'find foreign servers that the application reaches';
REVOKE ALL ON FUNCTION tenantry_private.check_foreign_servers() FROM PUBLIC;
