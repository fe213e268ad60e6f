-- The settings that each login of the application begins a session with, and where they come from: the role in this database,
-- the role, this database, all roles, or the server. A row with login 0 tells what a login without settings of its own gets.
-- Values are cut: a login may give itself one so long that no finding could be made of it.
CREATE OR REPLACE FUNCTION tenantry_private.application_settings()
RETURNS TABLE (login oid, setting text, value text, scope text, statement text, rank int)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH logins AS (
        SELECT 0::oid AS login
        UNION ALL
        SELECT r.oid FROM tenantry.application_roles() AS a INNER JOIN pg_roles AS r ON a = r.oid WHERE r.rolcanlogin
    ),

    -- What this session itself was given, by its own role or database, says nothing of the server.
    server AS (
        SELECT
            s.name AS setting,
            CASE WHEN s.source IN ('database', 'user', 'database user', 'global', 'client') THEN s.boot_val ELSE s.reset_val END AS value
        FROM pg_settings AS s
    ),

    given AS (
        SELECT
            l.login, split_part(c.assignment, '=', 1) AS setting, left(substr(c.assignment, strpos(c.assignment, '=') + 1), 200) AS value,
            concat(
                CASE WHEN s.setrole <> 0 THEN format(' of role %s', s.setrole::regrole) END,
                CASE WHEN s.setdatabase <> 0 THEN format(' of database %I', current_database()) END
            ) AS scope,
            CASE
                WHEN s.setrole = 0 AND s.setdatabase <> 0 THEN format('ALTER DATABASE %I', current_database())
                ELSE format(
                    'ALTER ROLE %s%s', CASE WHEN s.setrole = 0 THEN 'ALL' ELSE s.setrole::regrole::text END,
                    CASE WHEN s.setdatabase <> 0 THEN format(' IN DATABASE %I', current_database()) END
                )
            END AS statement,
            CASE
                WHEN s.setrole <> 0 AND s.setdatabase <> 0 THEN 1
                WHEN s.setrole <> 0 THEN 2
                WHEN s.setdatabase <> 0 THEN 3
                ELSE 4
            END AS rank
        FROM pg_db_role_setting AS s
        CROSS JOIN LATERAL unnest(s.setconfig) AS c (assignment)
        INNER JOIN logins AS l ON s.setrole IN (0, l.login)
        WHERE s.setdatabase = 0 OR s.setdatabase = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
        UNION ALL
        SELECT l.login, s.setting, s.value, '', 'ALTER SYSTEM', 5
        FROM logins AS l
        CROSS JOIN server AS s
    )

    SELECT DISTINCT ON (g.login, g.setting) g.login, g.setting, g.value, g.scope, g.statement, g.rank
    FROM given AS g
    ORDER BY g.login, g.setting, g.rank;
$$;

COMMENT ON FUNCTION tenantry_private.application_settings() IS 'settings with which sessions of the application begin';
REVOKE ALL ON FUNCTION tenantry_private.application_settings() FROM PUBLIC;
