-- TNT101, TNT102: tables with a tenant column that protect() has not seen. One row a table; its partitions go with it.
CREATE OR REPLACE FUNCTION tenantry_private.check_unprotected_tables()
RETURNS TABLE (code text, object text, detail text, remedy text)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH reachable AS (
        SELECT DISTINCT coalesce(pg_partition_root(a.relation), a.relation) AS relation
        FROM tenantry_private.application_privileges() AS a
    )

    SELECT
        CASE WHEN r.is_reachable THEN 'TNT101' ELSE 'TNT102' END,
        w.name,
        format(
            'has tenant column "%s", %s%s', w.tenant_column,
            CASE WHEN w.has_row_security THEN 'and policies that are not tenantry''s' ELSE 'and no row-level security' END,
            CASE WHEN r.is_reachable THEN '; the application holds privileges on it' END
        ),
        format('SELECT tenantry.protect(%L, %L);', w.name, w.tenant_column)
    FROM tenantry_private.watched_relations() AS w
    CROSS JOIN LATERAL (SELECT w.relation IN (SELECT a.relation FROM reachable AS a)) AS r (is_reachable)
    WHERE NOT w.is_protected AND NOT w.is_partition AND w.kind IN ('r', 'p');
$$;

COMMENT ON FUNCTION tenantry_private.check_unprotected_tables() IS 'find tables of tenants that are not protected';
REVOKE ALL ON FUNCTION tenantry_private.check_unprotected_tables() FROM PUBLIC;
