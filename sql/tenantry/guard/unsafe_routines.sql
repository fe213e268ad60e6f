-- SECURITY DEFINER routines whose caller gets more than the policies allow, a row a fault, with the SQL that mends it: of
-- those given or, without any, of all but the system's, ours and those of extensions. What is exempt is left out.
-- pg_temp comes last or an unqualified name finds the caller's temporary table; with an empty path it finds nothing else.
CREATE OR REPLACE FUNCTION tenantry_private.unsafe_routines(p_routines oid[] DEFAULT NULL)
RETURNS TABLE (routine regprocedure, gap text, remedy text)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
SET quote_all_identifiers = off
AS $$
    WITH application_roles AS MATERIALIZED (
        SELECT 0::oid AS oid UNION ALL SELECT r FROM tenantry.application_roles() AS r
    ),

    routines AS MATERIALIZED (
        SELECT
            p.oid::regprocedure AS routine, p.proowner, n.nspname, p.prosqlbody IS NOT NULL AS is_bound,
            (
                SELECT substr(s, length('search_path=') + 1) FROM unnest(p.proconfig) AS s WHERE starts_with(s, 'search_path=')
            ) AS path
        FROM pg_proc AS p
        INNER JOIN pg_namespace AS n ON p.pronamespace = n.oid
        WHERE p.prosecdef
            AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'tenantry', 'tenantry_private') AND n.nspname !~ '^pg_temp_'
            AND NOT EXISTS (SELECT FROM tenantry_private.exempt_routines AS e WHERE e.signature = p.oid::regprocedure::text)
            AND CASE
                WHEN p_routines IS NOT NULL THEN p.oid = ANY (p_routines)
                ELSE NOT EXISTS (
                    SELECT FROM pg_depend AS d
                    WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
                )
            END
    )

    SELECT
        r.routine,
        format('%s runs with the rights of %I, whom row-level security does not bind', r.routine, o.rolname),
        format('ALTER ROUTINE %s SECURITY INVOKER;', r.routine)
    FROM routines AS r
    INNER JOIN pg_roles AS o ON r.proowner = o.oid
    WHERE o.rolsuper OR o.rolbypassrls OR pg_has_role(o.oid, 'tenantry_owner', 'MEMBER')
    UNION ALL
    SELECT
        r.routine,
        format('%s finds objects by a search_path that its caller has a hand in', r.routine),
        format(
            'ALTER ROUTINE %s SET search_path = %s;', r.routine,
            concat_ws(', ', 'pg_catalog', CASE WHEN s.is_open THEN NULL ELSE quote_ident(r.nspname) END, 'pg_temp')
        )
    FROM routines AS r
    -- As the server reads it, quoted names and all. E'' means the same whatever the caller has made of backslashes.
    CROSS JOIN LATERAL (
        SELECT
            coalesce(
                array_agg(coalesce(replace(m.name[1], '""', '"'), lower(m.name[2]))::name ORDER BY m.position) FILTER (WHERE m.name[1] <> '' OR m.name[2] <> ''),
                '{}'
            ) AS names
        FROM regexp_matches(r.path, E'"((?:[^"]|"")*)"|([^", \t\n\r\f][^, \t\n\r\f]*)', 'g') WITH ORDINALITY AS m (name, position)
    ) AS p
    CROSS JOIN LATERAL (
        SELECT
            EXISTS (
                SELECT FROM unnest(p.names) AS e (name)
                LEFT JOIN pg_namespace AS n ON e.name = n.nspname
                LEFT JOIN LATERAL aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) AS a ON true
                WHERE e.name = '$user'
                    OR (a.privilege_type = 'CREATE' AND a.grantee IN (SELECT x.oid FROM application_roles AS x))
            ) AS is_writable,
            EXISTS (
                SELECT FROM pg_namespace AS n
                CROSS JOIN LATERAL aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) AS a
                WHERE n.nspname = r.nspname
                    AND a.privilege_type = 'CREATE' AND a.grantee IN (SELECT x.oid FROM application_roles AS x)
            ) AS is_open
    ) AS s
    WHERE NOT r.is_bound AND (s.is_writable OR r.path IS NULL OR p.names[cardinality(p.names)] <> 'pg_temp');
$$;

COMMENT ON FUNCTION tenantry_private.unsafe_routines(oid[]) IS 'SECURITY DEFINER routines that let their caller around the policies';
REVOKE ALL ON FUNCTION tenantry_private.unsafe_routines(oid[]) FROM PUBLIC;
