-- Every role whose privileges the application has: tenantry_app, its members, and whatever those are members of.
-- Superusers are left out, since no privilege binds them.
CREATE OR REPLACE FUNCTION tenantry.application_roles()
RETURNS SETOF regrole
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH RECURSIVE member_roles AS (
        SELECT r.oid FROM pg_roles AS r WHERE r.rolname = 'tenantry_app'
        UNION
        SELECT m.member FROM pg_auth_members AS m INNER JOIN member_roles AS r ON m.roleid = r.oid
    ),

    held_roles AS (
        SELECT r.oid FROM member_roles AS r INNER JOIN pg_roles AS p ON r.oid = p.oid WHERE NOT p.rolsuper
        UNION
        SELECT m.roleid FROM pg_auth_members AS m INNER JOIN held_roles AS r ON m.member = r.oid
    )

    SELECT h.oid::regrole FROM held_roles AS h;
$$;

COMMENT ON FUNCTION tenantry.application_roles() IS 'roles whose privileges the application has';
REVOKE ALL ON FUNCTION tenantry.application_roles() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.application_roles() TO tenantry_admin, tenantry_auditor;
