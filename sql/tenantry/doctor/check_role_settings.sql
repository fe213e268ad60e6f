-- TNT416, TNT417: settings with which the application's sessions begin, and which switch protection off or plant a context.
CREATE OR REPLACE FUNCTION tenantry_private.check_role_settings()
RETURNS TABLE (code text, object text, detail text, remedy text)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT DISTINCT
        k.code,
        format('setting %s%s', s.setting, s.scope),
        format('is %s: %s', quote_literal(s.value), k.meaning),
        CASE WHEN s.rank = 5 THEN format('ALTER SYSTEM RESET %s; SELECT pg_reload_conf();', s.setting)
            ELSE format('%s RESET %s;', s.statement, s.setting) END
    FROM tenantry_private.application_settings() AS s
    INNER JOIN (
        VALUES
        ('session_replication_role', 'TNT416', '^(replica|local)$',
            'triggers, and with them the audit log and the guards of rows, do not fire'),
        ('lo_compat_privileges', 'TNT416', '^(on|t|tr|tru|true|y|ye|yes|1)$', 'large objects have no privileges'),
        ('role', 'TNT416', '^(?!none$)', 'sessions begin as another role'),
        ('tenantry.context', 'TNT417', '.', 'sessions begin with a context that nobody opened'),
        ('app.current_tenant_id', 'TNT417', '.', 'sessions begin with a tenant that nobody has entered'),
        ('row_security', 'TNT417', '^(of|off|f|fa|fal|fals|false|n|no|0)$', 'statements on protected tables fail')
    ) AS k (setting, code, pattern, meaning) ON s.setting = k.setting AND s.value ~* k.pattern
    WHERE NOT (s.setting = 'role' AND s.rank = 5);
$$;

COMMENT ON FUNCTION tenantry_private.check_role_settings() IS 'find settings that switch protection off for the application';
REVOKE ALL ON FUNCTION tenantry_private.check_role_settings() FROM PUBLIC;
