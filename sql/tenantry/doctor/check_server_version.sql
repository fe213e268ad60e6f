-- TNT501 to TNT503: holes that the server's minor version has, and major versions that get no more fixes.
CREATE OR REPLACE FUNCTION tenantry_private.check_server_version()
RETURNS TABLE (code text, object text, detail text, remedy text)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH server AS (
        SELECT v AS number, v / 10000 AS major, format('PostgreSQL %s.%s', v / 10000, v % 10000) AS name
        FROM tenantry_private.server_version() AS v
    )

    SELECT
        CASE WHEN h.concerns_policies THEN 'TNT501' ELSE 'TNT502' END,
        s.name,
        string_agg(format('%s: %s', h.cve, h.hole), '; ' ORDER BY h.cve),
        format('-- Install PostgreSQL %s.%s or newer, and restart the server.', s.major, max(f.version) % 10000)
    FROM server AS s
    CROSS JOIN tenantry_private.server_holes() AS h
    CROSS JOIN LATERAL unnest(h.fixed_in) AS f (version)
    WHERE f.version / 10000 = s.major AND s.number < f.version
    GROUP BY s.name, s.major, h.concerns_policies
    UNION ALL
    SELECT
        'TNT503',
        s.name,
        format('has had no fixes since %s', e.ended_on),
        '-- Upgrade to a major version that is supported.'
    FROM server AS s
    INNER JOIN (
        VALUES (15, date '2027-11-11'), (16, date '2028-11-09'), (17, date '2029-11-08'), (18, date '2030-11-14')
    ) AS e (major, ended_on) ON s.major = e.major
    WHERE tenantry_private.today() > e.ended_on;
$$;

COMMENT ON FUNCTION tenantry_private.check_server_version() IS 'find holes that the version of the server has';
REVOKE ALL ON FUNCTION tenantry_private.check_server_version() FROM PUBLIC;
