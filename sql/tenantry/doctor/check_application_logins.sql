-- TNT424: privileges on tables of tenants, and no login that the doctor could take for the application.
CREATE OR REPLACE FUNCTION tenantry_private.check_application_logins()
RETURNS TABLE (code text, object text, detail text, remedy text)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        'TNT424',
        'tenantry_app',
        format(
            'has no login among its members, so whoever holds privileges on tables is taken for the application: %s',
            string_agg(s::regrole::text, ', ' ORDER BY s::regrole::text)
        ),
        '-- GRANT tenantry_app TO the role that the application logs in as, and to no other.'
    FROM tenantry_private.supposed_application() AS s
    HAVING count(*) > 0 AND EXISTS (SELECT FROM tenantry_private.watched_relations());
$$;

COMMENT ON FUNCTION tenantry_private.check_application_logins() IS 'find out that nobody is the application';
REVOKE ALL ON FUNCTION tenantry_private.check_application_logins() FROM PUBLIC;
