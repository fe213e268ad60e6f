-- TNT422: privileges on tenantry's own objects that the installation did not give, to PUBLIC, to the application, or on what
-- nobody but its owner may touch. What an admin's role gets on a public function is the DBA's business.
CREATE OR REPLACE FUNCTION tenantry_private.check_own_privileges()
RETURNS TABLE (code text, object text, detail text, remedy text)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH objects AS (
        SELECT
            'pg_namespace'::regclass AS classoid, n.oid, 'SCHEMA' AS kind, format('%I', n.nspname) AS name, n.nspacl AS acl,
            n.nspowner AS owner, n.nspname AS schema
        FROM pg_namespace AS n
        WHERE n.nspname IN ('tenantry', 'tenantry_private')
        UNION ALL
        SELECT
            'pg_class'::regclass, c.oid, CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, c.oid::regclass::text, c.relacl,
            c.relowner,
            c.relnamespace::regnamespace::name
        FROM pg_class AS c
        WHERE c.relnamespace IN ('tenantry'::regnamespace, 'tenantry_private'::regnamespace)
            AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
        UNION ALL
        SELECT
            'pg_proc'::regclass, p.oid, 'FUNCTION', p.oid::regprocedure::text, coalesce(p.proacl, acldefault('f', p.proowner)),
            p.proowner, p.pronamespace::regnamespace::name
        FROM pg_proc AS p
        WHERE p.pronamespace IN ('tenantry'::regnamespace, 'tenantry_private'::regnamespace)
    )

    SELECT
        'TNT422',
        o.name,
        format('%s was given %s', tenantry_private.grantee_name(x.grantee), string_agg(x.privilege_type, ', ' ORDER BY x.privilege_type)),
        format(
            'REVOKE %s ON %s %s FROM %s;', string_agg(x.privilege_type, ', ' ORDER BY x.privilege_type), o.kind, o.name,
            tenantry_private.grantee_name(x.grantee)
        )
    FROM objects AS o
    CROSS JOIN LATERAL aclexplode(o.acl) AS x
    LEFT JOIN pg_init_privs AS i ON o.oid = i.objoid AND o.classoid = i.classoid AND i.objsubid = 0
    WHERE x.grantee <> o.owner
        AND (o.schema = 'tenantry_private' OR x.grantee IN (SELECT g FROM tenantry_private.application_grantees() AS g))
        AND NOT EXISTS (SELECT FROM aclexplode(i.initprivs) AS a WHERE a.grantee = x.grantee AND a.privilege_type = x.privilege_type)
    GROUP BY o.name, o.kind, x.grantee;
$$;

COMMENT ON FUNCTION tenantry_private.check_own_privileges() IS 'find privileges on tenantry''s own objects that were added';
REVOKE ALL ON FUNCTION tenantry_private.check_own_privileges() FROM PUBLIC;
