-- Who is taken for the application as long as no login is a member of tenantry_app or tenantry_gateway: the roles that hold privileges
-- on somebody else's tables and are bound by policies. Empty once there is such a login.
CREATE OR REPLACE FUNCTION tenantry_private.supposed_application()
RETURNS SETOF oid
LANGUAGE plpgsql
STABLE
ROWS 10
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM tenantry.application_roles() AS a INNER JOIN pg_roles AS r ON a = r.oid WHERE r.rolcanlogin) THEN
        RETURN QUERY
        SELECT DISTINCT r.oid
        FROM pg_class AS c
        CROSS JOIN LATERAL aclexplode(c.relacl) AS x
        INNER JOIN pg_roles AS r ON x.grantee = r.oid AND r.rolname !~ '^(pg|tenantry)_' AND NOT r.rolsuper AND NOT r.rolbypassrls
        WHERE c.relacl IS NOT NULL AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND x.grantee <> c.relowner
            AND c.relnamespace::regnamespace::text NOT IN ('tenantry', 'tenantry_private', 'pg_catalog', 'information_schema')
            AND NOT pg_has_role(r.oid, 'tenantry_admin', 'MEMBER');
    END IF;
END
$$;

COMMENT ON FUNCTION tenantry_private.supposed_application() IS 'roles taken for the application while none is known';
REVOKE ALL ON FUNCTION tenantry_private.supposed_application() FROM PUBLIC;
