-- TNT420: tenantry's own roles, which must neither log in nor be more than they were made, and whose owner has no members.
CREATE OR REPLACE FUNCTION tenantry_private.check_own_roles()
RETURNS TABLE (code text, object text, detail text, remedy text)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        'TNT420',
        r.rolname::text,
        format(
            'has %s', concat_ws(
                ', ', CASE WHEN r.rolcanlogin THEN 'LOGIN' END, CASE WHEN r.rolsuper THEN 'SUPERUSER' END,
                CASE WHEN r.rolbypassrls THEN 'BYPASSRLS' END, CASE WHEN r.rolreplication THEN 'REPLICATION' END,
                CASE WHEN r.rolcreaterole THEN 'CREATEROLE' END, CASE WHEN r.rolcreatedb THEN 'CREATEDB' END
            )
        ),
        format('ALTER ROLE %s NOLOGIN NOSUPERUSER NOBYPASSRLS NOREPLICATION NOCREATEROLE NOCREATEDB;', r.oid::regrole)
    FROM pg_roles AS r
    WHERE r.rolname IN ('tenantry_owner', 'tenantry_admin', 'tenantry_app', 'tenantry_gateway', 'tenantry_auditor')
        AND (r.rolcanlogin OR r.rolsuper OR r.rolbypassrls OR r.rolreplication OR r.rolcreaterole OR r.rolcreatedb)
    UNION ALL
    SELECT
        'TNT420',
        m.member::regrole::text,
        'is a member of tenantry_owner, and so reads the keys that sign contexts',
        tenantry_private.revoke_membership(m.roleid, m.member, m.grantor)
    FROM pg_auth_members AS m
    INNER JOIN pg_roles AS r ON m.member = r.oid
    WHERE m.roleid::regrole::text = 'tenantry_owner' AND NOT r.rolsuper
        AND m.member NOT IN (SELECT g.member FROM tenantry_private.reached_roles() AS g);
$$;

COMMENT ON FUNCTION tenantry_private.check_own_roles() IS 'find faults of tenantry''s own roles';
REVOKE ALL ON FUNCTION tenantry_private.check_own_roles() FROM PUBLIC;
