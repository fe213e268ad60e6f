-- What the application's roles can become or use: tenantry_app and tenantry_gateway with their members, each grant that leads
-- out of these, and whatever is reached through it. A membership counts if it inherits, may SET ROLE or, because its
-- holder may then grant himself the rest, has ADMIN.
CREATE OR REPLACE FUNCTION tenantry_private.reached_roles()
RETURNS TABLE (member oid, granted oid, grantor oid, reached oid)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    -- PostgreSQL 15 has no options of a membership; as jsonb the query suits it as well.
    WITH RECURSIVE links AS (
        SELECT m.roleid, m.member, m.grantor,
            coalesce((to_jsonb(m) ->> 'inherit_option')::boolean OR (to_jsonb(m) ->> 'set_option')::boolean, true) AS is_usable
        FROM pg_auth_members AS m
        WHERE coalesce(
                (to_jsonb(m) ->> 'inherit_option')::boolean OR (to_jsonb(m) ->> 'set_option')::boolean OR m.admin_option, true
            )
    ),

    members AS (
        SELECT r.oid FROM pg_roles AS r WHERE r.rolname IN ('tenantry_app', 'tenantry_gateway')
        UNION
        SELECT l.member FROM links AS l INNER JOIN members AS m ON l.roleid = m.oid WHERE l.is_usable
    ),

    reach AS (
        SELECT l.member, l.roleid AS granted, l.grantor, l.roleid AS reached
        FROM links AS l
        WHERE l.member IN (SELECT m.oid FROM members AS m) AND l.roleid NOT IN (SELECT m.oid FROM members AS m)
        UNION
        SELECT r.member, r.granted, r.grantor, l.roleid FROM reach AS r INNER JOIN links AS l ON r.reached = l.member
    )

    SELECT m.oid, NULL::oid, NULL::oid, m.oid FROM members AS m
    UNION ALL
    SELECT r.member, r.granted, r.grantor, r.reached FROM reach AS r;
$$;

COMMENT ON FUNCTION tenantry_private.reached_roles() IS 'roles that the application reaches, and by which grant';
REVOKE ALL ON FUNCTION tenantry_private.reached_roles() FROM PUBLIC;
