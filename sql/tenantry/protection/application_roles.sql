-- Every role whose privileges the application has: tenantry_app and tenantry_gateway, their members, and whatever those
-- are members of.
-- Left out are superusers, whom no privilege binds, and members of tenantry_admin, who may unprotect tables anyway.
-- In PL/pgSQL, which plans it once a session: it is asked for each relation.
CREATE OR REPLACE FUNCTION tenantry.application_roles()
RETURNS SETOF regrole
LANGUAGE plpgsql
STABLE
ROWS 10
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY
    -- From PostgreSQL 16 on a membership may neither inherit nor allow SET ROLE; as jsonb the query suits 15 as well.
    WITH RECURSIVE usable_memberships AS (
        SELECT m.roleid, m.member
        FROM pg_auth_members AS m
        WHERE coalesce((to_jsonb(m) ->> 'inherit_option')::boolean OR (to_jsonb(m) ->> 'set_option')::boolean, true)
    ),

    application_members AS (
        SELECT r.oid FROM pg_roles AS r WHERE r.rolname IN ('tenantry_app', 'tenantry_gateway')
        UNION
        SELECT m.member
        FROM usable_memberships AS m
        INNER JOIN application_members AS a ON m.roleid = a.oid
        WHERE NOT pg_has_role(m.member, 'tenantry_admin', 'MEMBER')
    ),

    application_roles AS (
        SELECT a.oid FROM application_members AS a
        UNION
        SELECT m.roleid FROM usable_memberships AS m INNER JOIN application_roles AS a ON m.member = a.oid
    )

    SELECT a.oid::regrole FROM application_roles AS a;
END
$$;

COMMENT ON FUNCTION tenantry.application_roles() IS 'roles whose privileges the application has';
REVOKE ALL ON FUNCTION tenantry.application_roles() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.application_roles() TO tenantry_admin, tenantry_auditor;
