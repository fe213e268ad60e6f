-- TNT418: languages that reach the server's files and were marked as trusted.
CREATE OR REPLACE FUNCTION tenantry_private.check_languages()
RETURNS TABLE (code text, object text, detail text, remedy text)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        'TNT418',
        format('language %I', l.lanname),
        'is marked as trusted, and runs code as the server''s system user',
        format('UPDATE pg_catalog.pg_language SET lanpltrusted = false, lanacl = NULL WHERE lanname = %L;', l.lanname)
    FROM pg_language AS l
    WHERE l.lanpltrusted AND l.lanname ~ '^(c|internal|pl.*u)$';
$$;

COMMENT ON FUNCTION tenantry_private.check_languages() IS 'find untrusted languages that are marked as trusted';
REVOKE ALL ON FUNCTION tenantry_private.check_languages() FROM PUBLIC;
