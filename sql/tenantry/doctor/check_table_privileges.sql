-- TNT126: MAINTAIN, a privilege from PostgreSQL 17 on that policies do not bind.
CREATE OR REPLACE FUNCTION tenantry_private.check_table_privileges()
RETURNS TABLE (code text, object text, detail text, remedy text)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        'TNT126',
        w.name,
        format('%s may lock, analyze and reindex it', string_agg(g.name, ', ' ORDER BY g.name)),
        format('REVOKE MAINTAIN ON %s FROM %s;', w.name, string_agg(g.name, ', ' ORDER BY g.name))
    FROM tenantry_private.watched_relations() AS w
    INNER JOIN tenantry_private.application_privileges() AS a ON w.relation = a.relation AND a.privilege = 'MAINTAIN'
    CROSS JOIN LATERAL (SELECT tenantry_private.grantee_name(a.grantee)) AS g (name)
    GROUP BY w.name;
$$;

COMMENT ON FUNCTION tenantry_private.check_table_privileges() IS 'find privileges on tables that policies do not bind';
REVOKE ALL ON FUNCTION tenantry_private.check_table_privileges() FROM PUBLIC;
