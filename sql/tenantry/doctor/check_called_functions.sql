-- TNT220 … TNT222: functions that a table calls on its own, whoever writes to it or reads it. Nobody needs EXECUTE for those.
CREATE OR REPLACE FUNCTION tenantry_private.check_called_functions()
RETURNS TABLE (code text, object text, detail text, remedy text)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH watched AS MATERIALIZED (
        SELECT w.* FROM tenantry_private.watched_relations() AS w
    ),

    calls AS MATERIALIZED (
        SELECT w.name, 'TNT220' AS code, format('%I on %s', t.tgname, w.name) AS object, t.tgfoid AS function
        FROM watched AS w
        INNER JOIN pg_trigger AS t ON w.relation = t.tgrelid AND NOT t.tgisinternal
        UNION
        SELECT w.name, 'TNT221', format('%s.%I', w.name, a.attname), d.refobjid
        FROM watched AS w
        INNER JOIN pg_attrdef AS e ON w.relation = e.adrelid
        INNER JOIN pg_attribute AS a ON e.adrelid = a.attrelid AND e.adnum = a.attnum
        INNER JOIN pg_depend AS d ON d.classid = 'pg_attrdef'::regclass AND d.objid = e.oid AND d.refclassid = 'pg_proc'::regclass
        UNION
        SELECT w.name, NULL, format('%I on %s', p.polname, w.name), d.refobjid
        FROM watched AS w
        INNER JOIN pg_policy AS p ON w.relation = p.polrelid
        INNER JOIN pg_depend AS d ON d.classid = 'pg_policy'::regclass AND d.objid = p.oid AND d.refclassid = 'pg_proc'::regclass
    ),

    functions AS MATERIALIZED (
        SELECT f.oid, f.oid::regprocedure::text AS name, f.prosecdef, o.oid AS owner, o.rolname, o.rolsuper OR o.rolbypassrls AS is_exempt
        FROM pg_proc AS f
        INNER JOIN pg_roles AS o ON f.proowner = o.oid
        INNER JOIN pg_namespace AS n ON f.pronamespace = n.oid AND n.nspname NOT IN ('tenantry', 'tenantry_private', 'pg_catalog')
        WHERE f.oid IN (SELECT c.function FROM calls AS c)
            AND NOT EXISTS (SELECT FROM tenantry_private.exempt_routines AS e WHERE e.signature = f.oid::regprocedure::text)
    )

    SELECT
        c.code, c.object, format('calls %s with the rights of %I, whom row-level security does not bind', f.name, f.rolname),
        format(
            '-- ALTER FUNCTION %1$s OWNER TO a role that policies bind and that may do what it does; or, where its callers may themselves:'
            ' ALTER FUNCTION %1$s SECURITY INVOKER;', f.name
        )
    FROM calls AS c
    INNER JOIN functions AS f ON c.function = f.oid AND f.prosecdef AND f.is_exempt
    WHERE c.code IS NOT NULL
    UNION ALL
    SELECT
        'TNT222', f.name, format('is called by %s, and the application can replace it', string_agg(DISTINCT c.object, ', ')),
        -- With another owner, what a tenant has made of it may run with that one's rights.
        format('-- Read %1$s, which any tenant may have replaced, make it anew as it was meant, and ALTER FUNCTION %1$s OWNER TO CURRENT_USER.', f.name)
    FROM calls AS c
    INNER JOIN functions AS f ON c.function = f.oid
    WHERE f.owner::regrole IN (SELECT tenantry.application_roles())
    GROUP BY f.name;
$$;

COMMENT ON FUNCTION tenantry_private.check_called_functions() IS 'find functions that a table calls with other rights';
REVOKE ALL ON FUNCTION tenantry_private.check_called_functions() FROM PUBLIC;
