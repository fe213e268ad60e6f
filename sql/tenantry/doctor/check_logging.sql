-- TNT504 to TNT506: settings that write values of the application's statements into the server's log, credentials among them.
CREATE OR REPLACE FUNCTION tenantry_private.check_logging()
RETURNS TABLE (code text, object text, detail text, remedy text)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH settings AS MATERIALIZED (
        SELECT s.login, s.setting, s.value, s.scope, s.statement, s.rank FROM tenantry_private.application_settings() AS s
    ),

    -- What logs statements, and whose parameters are then logged: the more particular of the two scopes mends it.
    logged AS (
        SELECT DISTINCT ON (s.login)
            s.login, s.setting, s.value,
            CASE WHEN s.rank <= p.rank THEN s.scope ELSE p.scope END AS scope,
            CASE WHEN s.rank <= p.rank THEN s.statement ELSE p.statement END AS statement,
            least(s.rank, p.rank) AS rank
        FROM settings AS s
        INNER JOIN settings AS p ON s.login = p.login AND p.setting = 'log_parameter_max_length' AND p.value !~ '^0'
        LEFT JOIN settings AS r ON s.login = r.login AND r.setting = 'log_statement_sample_rate'
        WHERE (s.setting = 'log_statement' AND s.value ~* '^all$')
            OR (s.setting = 'log_min_duration_statement' AND s.value !~ '^-')
            OR (s.setting = 'log_min_duration_sample' AND s.value !~ '^-' AND r.value::float8 > 0)
            OR (s.setting = 'log_transaction_sample_rate' AND s.value::float8 > 0)
        ORDER BY s.login, s.rank, s.setting
    )

    SELECT DISTINCT
        'TNT504',
        format('setting %s%s', l.setting, l.scope),
        format(
            'is %s, and log_parameter_max_length is not 0: what statements are called with is logged, API keys and tokens too', l.value
        ),
        format('%s SET log_parameter_max_length = 0;%s', l.statement, CASE WHEN l.rank = 5 THEN ' SELECT pg_reload_conf();' END)
    FROM logged AS l
    UNION ALL
    SELECT DISTINCT
        CASE WHEN s.setting LIKE 'log%' THEN 'TNT505' ELSE 'TNT506' END,
        format('setting %s%s', s.setting, s.scope),
        CASE
            WHEN s.setting LIKE 'log%' THEN format('is %s: what a statement that fails was called with is logged, API keys too', s.value)
            ELSE format('is %s: trees of statements are logged with the values in them', s.value)
        END,
        format(
            '%s SET %s = %s;%s', s.statement, s.setting, CASE WHEN s.setting LIKE 'debug%' THEN 'off' ELSE '0' END,
            CASE WHEN s.rank = 5 THEN ' SELECT pg_reload_conf();' END
        )
    FROM settings AS s
    WHERE (s.setting = 'log_parameter_max_length_on_error' AND s.value !~ '^0')
        OR (s.setting IN ('debug_print_parse', 'debug_print_rewritten', 'debug_print_plan') AND s.value ~* '^(on|t|tr|tru|true|y|ye|yes|1)$');
$$;

COMMENT ON FUNCTION tenantry_private.check_logging() IS 'find settings that log the values of statements';
REVOKE ALL ON FUNCTION tenantry_private.check_logging() FROM PUBLIC;
