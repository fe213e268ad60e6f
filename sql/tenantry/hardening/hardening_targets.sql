-- What harden() takes from PUBLIC: functions that tell a session of others, or act on them, and the making of temporary objects. One
-- list for both directions; what a server's version does not have, it does not list.
CREATE OR REPLACE FUNCTION tenantry_private.hardening_targets()
RETURNS TABLE (part text, object_name text, is_public boolean)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        t.part,
        p.oid::regprocedure::text,
        EXISTS (SELECT FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS x WHERE x.grantee = 0)
    FROM pg_proc AS p
    INNER JOIN (
        VALUES
        ('sizes', '^pg_(relation|table|indexes|total_relation|database|tablespace)_size$'),
        ('sizes', '^pg_(relation_filenode|relation_filepath|filenode_relation)$'),
        ('statistics', '^pg_stat_get_(?!activity|backend_|progress_info|wal_senders|wal_receiver|ssl|gssapi)'),
        ('sessions', '^pg_stat_get_(activity|backend_.*|progress_info|wal_senders|wal_receiver)$'),
        ('sessions', '^pg_(lock_status|blocking_pids|safe_snapshot_blocking_pids|isolation_test_session_is_blocked|prepared_xact)$'),
        ('sessions', '^pg_(cancel|terminate)_backend$'),
        ('advisory_locks', '^pg_(try_)?advisory_(xact_)?lock(_shared)?$'),
        ('large_objects', '^(lo_(creat|create|from_bytea|get|(lseek|tell|truncate)(64)?|open|put|unlink)|loread|lowrite)$'),
        ('positions', '^(currtid2|pg_current_wal_(lsn|insert_lsn|flush_lsn)|pg_last_wal_(receive|replay)_lsn)$'),
        ('positions', '^pg_(xact_commit_timestamp|xact_commit_timestamp_origin|last_committed_xact|last_xact_replay_timestamp)$')
    ) AS t (part, pattern) ON p.proname ~ t.pattern
    WHERE p.pronamespace = 'pg_catalog'::regnamespace
    UNION ALL
    SELECT
        'temporary_objects',
        'database',
        EXISTS (
            SELECT FROM aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) AS x
            WHERE x.grantee = 0 AND x.privilege_type = 'TEMPORARY'
        )
    FROM pg_database AS d
    WHERE d.datname = current_database();
$$;

COMMENT ON FUNCTION tenantry_private.hardening_targets() IS 'what harden() takes from PUBLIC, and whether PUBLIC has it';
REVOKE ALL ON FUNCTION tenantry_private.hardening_targets() FROM PUBLIC;
