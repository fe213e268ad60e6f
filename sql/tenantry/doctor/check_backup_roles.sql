-- TNT612: logins that were made to read everything, and that row-level security keeps from it. pg_dump fails as such a role, or with
-- --enable-row-security leaves the rows out.
CREATE OR REPLACE FUNCTION tenantry_private.check_backup_roles()
RETURNS TABLE (code text, object text, detail text, remedy text)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        'TNT612',
        r.oid::regrole::text,
        'is a member of pg_read_all_data without BYPASSRLS: its backups lack the rows of protected tables',
        format('-- If it is for backups: ALTER ROLE %1$s BYPASSRLS; if not: REVOKE pg_read_all_data FROM %1$s;', r.oid::regrole)
    FROM pg_roles AS r
    WHERE r.rolcanlogin AND NOT r.rolsuper AND NOT r.rolbypassrls AND pg_has_role(r.oid, 'pg_read_all_data', 'MEMBER')
        AND EXISTS (SELECT FROM tenantry_private.watched_relations() AS w WHERE w.is_protected)
        AND r.oid NOT IN (SELECT g.member FROM tenantry_private.reached_roles() AS g);
$$;

COMMENT ON FUNCTION tenantry_private.check_backup_roles() IS 'find logins whose backups would lack rows';
REVOKE ALL ON FUNCTION tenantry_private.check_backup_roles() FROM PUBLIC;
