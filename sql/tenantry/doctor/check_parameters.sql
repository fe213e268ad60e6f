-- TNT414, TNT415: parameters that only superusers may set, granted to the application.
CREATE OR REPLACE FUNCTION tenantry_private.check_parameters()
RETURNS TABLE (code text, object text, detail text, remedy text)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        CASE
            WHEN bool_or(x.privilege_type = 'ALTER SYSTEM') OR p.parname IN (
                'allow_system_table_mods', 'dynamic_library_path', 'event_triggers', 'extension_control_path', 'jit_provider',
                'lo_compat_privileges', 'session_preload_libraries', 'session_replication_role', 'shared_preload_libraries'
            ) THEN 'TNT414'
            ELSE 'TNT415'
        END,
        format('parameter %s', p.parname),
        format('%s holds %s', tenantry_private.grantee_name(x.grantee), string_agg(x.privilege_type, ', ' ORDER BY x.privilege_type)),
        format('REVOKE SET, ALTER SYSTEM ON PARAMETER %s FROM %s;', p.parname, tenantry_private.grantee_name(x.grantee))
    FROM pg_parameter_acl AS p
    CROSS JOIN LATERAL aclexplode(p.paracl) AS x
    WHERE x.grantee IN (SELECT g FROM tenantry_private.application_grantees() AS g)
    GROUP BY p.parname, x.grantee;
$$;

COMMENT ON FUNCTION tenantry_private.check_parameters() IS 'find parameters that the application was granted';
REVOKE ALL ON FUNCTION tenantry_private.check_parameters() FROM PUBLIC;
