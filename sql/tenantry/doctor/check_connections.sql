-- TNT508 to TNT510, TNT610, TNT611: how the application's login gets in. pg_hba.conf is read where somebody has let tenantry_owner.
CREATE OR REPLACE FUNCTION tenantry_private.check_connections()
RETURNS TABLE (code text, object text, detail text, remedy text)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        'TNT508',
        'setting ssl',
        format(
            'is off, and the server listens on %s: credentials and rows cross the network in clear', current_setting('listen_addresses')
        ),
        'ALTER SYSTEM SET ssl = on; -- with ssl_cert_file and ssl_key_file, then SELECT pg_reload_conf();'
    WHERE tenantry_private.listens_beyond() AND current_setting('ssl') = 'off'
    UNION ALL
    SELECT DISTINCT
        'TNT509',
        format('setting password_encryption%s', s.scope),
        'is md5: who reads a hash logs in with it',
        format(
            '%s SET password_encryption = ''scram-sha-256'';%s', s.statement, CASE WHEN s.rank = 5 THEN ' SELECT pg_reload_conf();' END
        )
    FROM tenantry_private.application_settings() AS s
    WHERE s.setting = 'password_encryption' AND s.value <> 'scram-sha-256'
    UNION ALL
    SELECT
        'TNT611',
        'pg_hba.conf',
        'could not be checked, and the server listens beyond this machine',
        'GRANT SELECT ON pg_hba_file_rules TO tenantry_owner; GRANT EXECUTE ON FUNCTION pg_hba_file_rules() TO tenantry_owner;'
    WHERE tenantry_private.listens_beyond() AND NOT tenantry_private.reads_host_based_authentication();
$$;

COMMENT ON FUNCTION tenantry_private.check_connections() IS 'find ways into the server that are too wide';
REVOKE ALL ON FUNCTION tenantry_private.check_connections() FROM PUBLIC;
