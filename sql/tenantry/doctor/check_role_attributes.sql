-- TNT407, TNT421, TNT601, TNT602: attributes of roles that lead out of row-level security.
CREATE OR REPLACE FUNCTION tenantry_private.check_role_attributes()
RETURNS TABLE (code text, object text, detail text, remedy text)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH application AS (SELECT a AS role FROM tenantry.application_roles() AS a)

    SELECT
        'TNT407',
        r.oid::regrole::text,
        'may grant itself every role but superusers, tenantry_owner among them',
        format('ALTER ROLE %s NOCREATEROLE;', r.oid::regrole)
    FROM pg_roles AS r
    WHERE r.rolcreaterole AND current_setting('server_version_num')::int < 160000
        AND r.oid IN (SELECT a.role FROM application AS a)
    UNION ALL
    SELECT
        'TNT601',
        r.oid::regrole::text,
        'may stream the whole cluster, or decode every change of every tenant',
        format('ALTER ROLE %s NOREPLICATION;', r.oid::regrole)
    FROM pg_roles AS r
    WHERE r.rolreplication AND NOT r.rolsuper AND r.oid IN (SELECT a.role FROM application AS a)
    UNION ALL
    SELECT
        CASE WHEN r.rolsuper OR r.rolbypassrls THEN 'TNT421' ELSE 'TNT602' END,
        r.oid::regrole::text,
        CASE
            WHEN r.rolsuper THEN 'logs in, and is a superuser beside the one that the cluster began with'
            WHEN r.rolbypassrls THEN 'logs in, and is exempt from row-level security'
            ELSE 'logs in, and may stream the whole cluster'
        END,
        format(
            '-- If it is for none of administration, backups and standbys: ALTER ROLE %s NOSUPERUSER NOBYPASSRLS NOREPLICATION;',
            r.oid::regrole
        )
    FROM pg_roles AS r
    -- 10 is the superuser that initdb makes.
    WHERE r.rolcanlogin AND (r.rolsuper OR r.rolbypassrls OR r.rolreplication) AND r.oid <> 10
        -- For backups, as TNT612 wants them.
        AND (r.rolsuper OR r.rolreplication OR NOT pg_has_role(r.oid, 'pg_read_all_data', 'MEMBER'))
        AND r.oid NOT IN (SELECT g.member FROM tenantry_private.reached_roles() AS g)
        AND r.oid NOT IN (SELECT a.role FROM application AS a);
$$;

COMMENT ON FUNCTION tenantry_private.check_role_attributes() IS 'find attributes of roles that lead out of row-level security';
REVOKE ALL ON FUNCTION tenantry_private.check_role_attributes() FROM PUBLIC;
