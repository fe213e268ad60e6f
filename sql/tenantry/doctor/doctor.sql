-- Every known way in which isolation leaks, as far as the catalogs tell. Each check is a function that looks at all tables
-- at once; doctor_codes says how grave a finding is. Compiling their queries would take longer than running them.
CREATE OR REPLACE FUNCTION tenantry.doctor()
RETURNS TABLE (code text, severity text, object text, detail text, remedy text)
LANGUAGE sql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET quote_all_identifiers = off
SET jit = off
AS $$
    SELECT
        f.code, c.severity, f.object, f.detail,
        -- The name of an object may go over several lines, and the second would be no comment any more.
        CASE WHEN f.remedy LIKE '--%' THEN translate(f.remedy, E'\n\r', '  ') ELSE f.remedy END
    FROM (
        SELECT * FROM tenantry_private.check_unprotected_tables()
        UNION ALL SELECT * FROM tenantry_private.check_protection()
        UNION ALL SELECT * FROM tenantry_private.check_table_privileges()
        UNION ALL SELECT * FROM tenantry_private.check_shares()
        UNION ALL SELECT * FROM tenantry_private.check_policies()
        UNION ALL SELECT * FROM tenantry_private.check_exemptions()
        UNION ALL SELECT * FROM tenantry_private.check_views()
        UNION ALL SELECT * FROM tenantry_private.check_routines()
        UNION ALL SELECT * FROM tenantry_private.check_called_functions()
        UNION ALL SELECT * FROM tenantry_private.check_keys()
        UNION ALL SELECT * FROM tenantry_private.check_indexes()
        UNION ALL SELECT * FROM tenantry_private.check_sequences()
        UNION ALL SELECT * FROM tenantry_private.check_statistics()
        UNION ALL SELECT * FROM tenantry_private.check_reached_roles()
        UNION ALL SELECT * FROM tenantry_private.check_role_attributes()
        UNION ALL SELECT * FROM tenantry_private.check_own_roles()
        UNION ALL SELECT * FROM tenantry_private.check_application_objects()
        UNION ALL SELECT * FROM tenantry_private.check_creation()
        UNION ALL SELECT * FROM tenantry_private.check_wide_grants()
        UNION ALL SELECT * FROM tenantry_private.check_default_privileges()
        UNION ALL SELECT * FROM tenantry_private.check_parameters()
        UNION ALL SELECT * FROM tenantry_private.check_role_settings()
        UNION ALL SELECT * FROM tenantry_private.check_languages()
        UNION ALL SELECT * FROM tenantry_private.check_system_objects()
        UNION ALL SELECT * FROM tenantry_private.check_own_privileges()
        UNION ALL SELECT * FROM tenantry_private.check_own_definitions()
        UNION ALL SELECT * FROM tenantry_private.check_server_version()
        UNION ALL SELECT * FROM tenantry_private.check_logging()
        UNION ALL SELECT * FROM tenantry_private.check_statement_statistics()
        UNION ALL SELECT * FROM tenantry_private.check_connections()
        UNION ALL SELECT * FROM tenantry_private.check_host_based_authentication()
        UNION ALL SELECT * FROM tenantry_private.check_extension_versions()
        UNION ALL SELECT * FROM tenantry_private.check_publications()
        UNION ALL SELECT * FROM tenantry_private.check_replication()
        UNION ALL SELECT * FROM tenantry_private.check_foreign_servers()
        UNION ALL SELECT * FROM tenantry_private.check_backup_roles()
        UNION ALL SELECT * FROM tenantry_private.check_prepared_transactions()
        UNION ALL SELECT * FROM tenantry_private.check_contexts()
        UNION ALL SELECT * FROM tenantry_private.check_records()
        UNION ALL SELECT * FROM tenantry_private.check_credentials()
        UNION ALL SELECT * FROM tenantry_private.check_hardening()
        UNION ALL SELECT * FROM tenantry_private.check_guard()
    ) AS f
    INNER JOIN tenantry.doctor_codes AS c ON f.code = c.code
    ORDER BY array_position(ARRAY['error', 'warning', 'note'], c.severity), f.code, f.object, f.detail;
$$;

COMMENT ON FUNCTION tenantry.doctor() IS 'find every known way in which isolation leaks';
REVOKE ALL ON FUNCTION tenantry.doctor() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.doctor() TO tenantry_admin, tenantry_auditor;
