-- TNT610: lines of pg_hba.conf that ask for no proof of who connects. Nobody but a superuser may read them unless somebody has
-- granted it to tenantry_owner; see TNT611.
CREATE OR REPLACE FUNCTION tenantry_private.check_host_based_authentication()
RETURNS TABLE (code text, object text, detail text, remedy text)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF tenantry_private.reads_host_based_authentication() THEN
        RETURN QUERY
        SELECT
            'TNT610',
            format('pg_hba.conf line %s', h.line_number),
            format(
                '%s: whoever gets to the server is believed to be %s',
                concat_ws(' ', h.type, array_to_string(h.database, ','), h.address, h.auth_method),
                CASE WHEN 'all' = ANY (h.user_name) THEN 'any role, superusers too' ELSE array_to_string(h.user_name, ', ') END
            ),
            '-- Ask for scram-sha-256, a certificate or peer there instead of trust, then SELECT pg_reload_conf();'
        FROM pg_hba_file_rules AS h
        WHERE h.auth_method = 'trust' AND h.error IS NULL;
    END IF;
END
$$;

COMMENT ON FUNCTION tenantry_private.check_host_based_authentication() IS 'find connections that need no proof of who connects';
REVOKE ALL ON FUNCTION tenantry_private.check_host_based_authentication() FROM PUBLIC;
