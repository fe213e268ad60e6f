-- TNT401 to TNT406: what the application's roles are, or reach through membership, that row-level security does not bind.
CREATE OR REPLACE FUNCTION tenantry_private.check_reached_roles()
RETURNS TABLE (code text, object text, detail text, remedy text)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH kinds AS (
        SELECT
            r.oid AS reached, 'TNT401' AS code,
            concat_ws(
                ' and ', CASE WHEN r.rolsuper THEN 'a superuser' END, CASE WHEN r.rolbypassrls THEN 'exempt from row-level security' END
            ) AS what
        FROM pg_roles AS r
        WHERE r.rolsuper OR r.rolbypassrls
        UNION ALL
        SELECT r.oid, 'TNT402', 'the owner of tenantry'
        FROM pg_roles AS r
        WHERE r.rolname = 'tenantry_owner'
        UNION ALL
        SELECT
            w.owner, 'TNT402',
            format('the owner of %s%s', min(w.name), CASE WHEN count(*) > 1 THEN format(' and %s more', count(*) - 1) END)
        FROM tenantry_private.watched_relations() AS w
        WHERE w.is_protected
        GROUP BY w.owner
        UNION ALL
        SELECT r.oid, 'TNT403', 'an admin of tenantry'
        FROM pg_roles AS r
        WHERE r.rolname = 'tenantry_admin'
        UNION ALL
        SELECT r.oid, k.code, k.what
        FROM (
            VALUES
            ('pg_read_all_data', 'TNT405', 'a reader of every table, the keys that sign contexts among them'),
            ('pg_write_all_data', 'TNT405', 'a writer of every table, the keys that sign contexts among them'),
            ('pg_read_server_files', 'TNT405', 'a reader of the server''s files'),
            ('pg_write_server_files', 'TNT405', 'a writer of the server''s files'),
            ('pg_execute_server_program', 'TNT405', 'the server''s system user'),
            ('rds_superuser', 'TNT405', 'an administrator of the managed server'),
            ('cloudsqlsuperuser', 'TNT405', 'an administrator of the managed server'),
            ('alloydbsuperuser', 'TNT405', 'an administrator of the managed server'),
            ('azure_pg_admin', 'TNT405', 'an administrator of the managed server'),
            ('neon_superuser', 'TNT405', 'an administrator of the managed server'),
            ('pg_monitor', 'TNT406', 'a reader of all sessions'' statements'),
            ('pg_read_all_stats', 'TNT406', 'a reader of all sessions'' statements'),
            ('pg_read_all_settings', 'TNT406', 'a reader of all settings'),
            ('pg_stat_scan_tables', 'TNT406', 'a user of functions that lock and scan every table'),
            ('pg_signal_backend', 'TNT406', 'a canceller of other roles'' sessions'),
            ('pg_signal_autovacuum_worker', 'TNT406', 'a canceller of autovacuum'),
            ('pg_maintain', 'TNT406', 'a maintainer of every table'),
            ('pg_checkpoint', 'TNT406', 'a caller of checkpoints'),
            ('pg_create_subscription', 'TNT406', 'a creator of subscriptions'),
            ('pg_use_reserved_connections', 'TNT406', 'a user of reserved connections')
        ) AS k (role_name, code, what)
        INNER JOIN pg_roles AS r ON k.role_name = r.rolname
    ),

    -- Whoever reaches a superuser reaches the rest too: the gravest is told, and the others when it is mended.
    found AS (
        SELECT
            r.member, r.granted, r.grantor, k.code,
            string_agg(
                CASE WHEN r.granted IS NULL OR r.reached = r.granted THEN k.what ELSE format('%s (%s)', k.what, r.reached::regrole) END,
                ', '
                ORDER BY k.what
            ) AS what,
            min(k.code) OVER (PARTITION BY r.member, r.granted) AS gravest
        FROM tenantry_private.reached_roles() AS r
        INNER JOIN kinds AS k ON r.reached = k.reached
        GROUP BY r.member, r.granted, r.grantor, k.code
    )

    SELECT
        f.code,
        f.member::regrole::text,
        CASE
            WHEN f.granted IS NULL THEN format('is %s', f.what)
            ELSE format('is a member of %s, and so can act as %s', f.granted::regrole, f.what)
        END,
        CASE
            WHEN f.granted IS NOT NULL THEN tenantry_private.revoke_membership(f.granted, f.member, f.grantor)
            WHEN f.code = 'TNT401' THEN format('ALTER ROLE %s NOSUPERUSER NOBYPASSRLS;', f.member::regrole)
            ELSE '-- Give what it owns to a role that the application cannot become: see TNT408.'
        END
    FROM found AS f
    WHERE f.code = f.gravest
    UNION ALL
    SELECT
        'TNT404',
        m.member::regrole::text,
        'passes tenantry_gateway on to all its members, who may then enter any tenant',
        tenantry_private.revoke_membership(m.roleid, m.member, m.grantor)
    FROM pg_auth_members AS m
    INNER JOIN pg_roles AS r ON m.member = r.oid
    WHERE m.roleid::regrole::text = 'tenantry_gateway' AND NOT r.rolcanlogin
        AND (r.rolname = 'tenantry_app' OR pg_has_role(r.oid, 'tenantry_app', 'MEMBER'));
$$;

COMMENT ON FUNCTION tenantry_private.check_reached_roles() IS 'find roles that the application must not reach';
REVOKE ALL ON FUNCTION tenantry_private.check_reached_roles() FROM PUBLIC;
