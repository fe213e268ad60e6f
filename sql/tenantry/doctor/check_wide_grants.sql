-- TNT411, TNT412: privileges on protected tables that reach further than the application: to every role of the cluster, or
-- on to whom the application likes.
CREATE OR REPLACE FUNCTION tenantry_private.check_wide_grants()
RETURNS TABLE (code text, object text, detail text, remedy text)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        CASE WHEN x.grantee = 0 THEN 'TNT411' ELSE 'TNT412' END,
        w.name,
        CASE
            WHEN x.grantee = 0 THEN format('every role of the cluster holds %s',
                string_agg(DISTINCT x.privilege_type, ', ' ORDER BY x.privilege_type))
            ELSE format(
                '%s may grant %s to others', x.grantee::regrole, string_agg(DISTINCT x.privilege_type, ', ' ORDER BY x.privilege_type)
            )
        END,
        CASE
            WHEN x.grantee = 0 THEN format('REVOKE ALL ON TABLE %s FROM PUBLIC;', w.name)
            ELSE format('REVOKE GRANT OPTION FOR ALL ON TABLE %s FROM %s;', w.name, x.grantee::regrole)
        END
    FROM tenantry_private.watched_relations() AS w
    INNER JOIN pg_class AS c ON w.relation = c.oid
    CROSS JOIN LATERAL aclexplode(c.relacl) AS x
    WHERE w.is_protected
        AND (x.grantee = 0 OR (x.is_grantable AND x.grantee <> c.relowner
            AND x.grantee IN (SELECT g FROM tenantry_private.application_grantees() AS g)))
    GROUP BY w.name, x.grantee;
$$;

COMMENT ON FUNCTION tenantry_private.check_wide_grants() IS 'find privileges on protected tables that reach too far';
REVOKE ALL ON FUNCTION tenantry_private.check_wide_grants() FROM PUBLIC;
