-- What the application reads or writes through SECURITY DEFINER routines that name it, and whose owner no policy of it binds. By the words
-- of their text: PostgreSQL knows of no other dependency.
CREATE OR REPLACE FUNCTION tenantry_private.definer_reach()
RETURNS TABLE (relation oid, routine regprocedure)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH grantees AS MATERIALIZED (
        SELECT g AS role FROM tenantry_private.application_grantees() AS g
    ),

    words AS MATERIALIZED (
        SELECT DISTINCT p.oid, p.proowner, w.word
        FROM pg_proc AS p
        CROSS JOIN LATERAL regexp_split_to_table(coalesce(pg_get_function_sqlbody(p.oid), p.prosrc), '\W+') AS w (word)
        WHERE p.prosecdef
            AND p.pronamespace::regnamespace::text NOT IN ('tenantry', 'tenantry_private', 'pg_catalog', 'information_schema')
            AND EXISTS (
                SELECT FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS a
                WHERE a.grantee <> p.proowner AND a.grantee IN (SELECT g.role FROM grantees AS g)
            )
            AND NOT EXISTS (SELECT FROM tenantry_private.exempt_routines AS e WHERE e.signature = p.oid::regprocedure::text)
    )

    SELECT c.oid, w.oid::regprocedure
    FROM words AS w
    INNER JOIN pg_class AS c ON w.word = c.relname AND c.relkind IN ('r', 'p', 'm', 'f')
    INNER JOIN pg_roles AS o ON w.proowner = o.oid
    WHERE c.relnamespace::regnamespace::text NOT IN ('tenantry', 'tenantry_private', 'pg_catalog', 'information_schema')
        AND has_table_privilege(o.oid, c.oid, 'SELECT, INSERT, UPDATE, DELETE')
        AND (
            NOT c.relrowsecurity OR o.rolsuper OR o.rolbypassrls
            OR (NOT c.relforcerowsecurity AND pg_has_role(o.oid, c.relowner, 'USAGE'))
        );
$$;

COMMENT ON FUNCTION tenantry_private.definer_reach() IS 'relations that the application reaches with the rights of others';
REVOKE ALL ON FUNCTION tenantry_private.definer_reach() FROM PUBLIC;
