-- Settings that a table's policies believe, directly or in a function that they call: what an attacker would set.
CREATE OR REPLACE FUNCTION tenantry_tap.settings_of(p_table regclass)
RETURNS SETOF text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT 'app.current_tenant_id'
    UNION
    SELECT m.setting[1]
    FROM pg_policy AS p
    CROSS JOIN LATERAL (
        SELECT concat_ws(' ', pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)) AS body
        UNION ALL
        SELECT f.prosrc
        FROM pg_depend AS d
        INNER JOIN pg_proc AS f ON d.refclassid = 'pg_proc'::regclass AND d.refobjid = f.oid
        WHERE d.classid = 'pg_policy'::regclass AND d.objid = p.oid
    ) AS s
    CROSS JOIN LATERAL regexp_matches(s.body, 'current_setting\s*\(\s*''([^'']+\.[^'']+)''', 'gi') AS m (setting)
    WHERE p.polrelid = p_table;
$$;

COMMENT ON FUNCTION tenantry_tap.settings_of(regclass) IS 'settings that a table''s policies believe';
REVOKE ALL ON FUNCTION tenantry_tap.settings_of(regclass) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry_tap.settings_of(regclass) TO tenantry_admin;
