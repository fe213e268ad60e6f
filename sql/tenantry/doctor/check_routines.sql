-- TNT210 … TNT217: routines that give their caller more than the policies allow, or make PostgreSQL call them before the
-- policies. Those of extensions are left to them. Temporary ones nobody calls but the session that made them: a tenant's, who
-- could keep the doctor busy with their bodies.
CREATE OR REPLACE FUNCTION tenantry_private.check_routines()
RETURNS TABLE (code text, object text, detail text, remedy text)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH application AS MATERIALIZED (
        SELECT g AS role FROM tenantry_private.application_grantees() AS g
    ),

    routines AS MATERIALIZED (
        SELECT
            p.oid, p.oid::regprocedure::text AS name, p.proname, p.proowner, p.pronamespace, p.prosecdef, p.proleakproof, p.provolatile, p.proargtypes,
            l.lanname AS language, coalesce(pg_get_function_sqlbody(p.oid), p.prosrc) AS body,
            EXISTS (
                SELECT FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS a
                WHERE a.grantee <> p.proowner AND a.grantee IN (SELECT r.role FROM application AS r)
            ) AS is_callable,
            EXISTS (
                SELECT FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS a WHERE a.grantee = 0
            ) AS is_public
        FROM pg_proc AS p
        INNER JOIN pg_namespace AS n ON p.pronamespace = n.oid
        INNER JOIN pg_language AS l ON p.prolang = l.oid
        WHERE n.nspname NOT IN ('tenantry', 'tenantry_private', 'pg_catalog', 'information_schema') AND n.nspname !~ '^pg_temp_'
            AND NOT EXISTS (
                SELECT FROM pg_depend AS d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
            )
            AND NOT EXISTS (SELECT FROM tenantry_private.exempt_routines AS e WHERE e.signature = p.oid::regprocedure::text)
    )

    SELECT
        CASE WHEN u.gap LIKE '%runs with the rights of%' THEN 'TNT210' ELSE 'TNT211' END,
        r.name, u.gap, u.remedy
    FROM tenantry_private.unsafe_routines() AS u
    INNER JOIN routines AS r ON u.routine = r.oid AND r.is_callable
    UNION ALL
    SELECT 'TNT212', r.name, 'is SECURITY DEFINER, and everybody may call it', format('REVOKE EXECUTE ON ROUTINE %s FROM PUBLIC;', r.name)
    FROM routines AS r
    WHERE r.prosecdef AND r.is_public
    UNION ALL
    SELECT
        'TNT213', r.name, 'is SECURITY DEFINER, and builds statements from text',
        format('-- Rewrite %1$s without EXECUTE, or ALTER ROUTINE %1$s SECURITY INVOKER; or tenantry.exempt_routine(%1$L, …) once every part of the text is quoted.', r.name)
    FROM routines AS r
    WHERE r.prosecdef AND r.is_callable
        AND (
            (r.language = 'plpgsql' AND regexp_replace(r.body, '--[^\n]*', '', 'g') ~* '\mEXECUTE\M(?!\s+FUNCTION)')
            OR (r.language ~ 'python' AND r.body ~ 'plpy\.(execute|prepare|cursor)\(\s*[^\s"'')]')
        )
    UNION ALL
    SELECT
        'TNT218', r.name, format('calls %s as %s, for whoever calls it', string_agg(DISTINCT o.name, ', '), r.proowner::regrole),
        format('-- Let %1$s ask for a credential, and tenantry.exempt_routine(%1$L, …) it; or REVOKE EXECUTE ON ROUTINE %1$s from the application.', r.name)
    FROM routines AS r
    CROSS JOIN LATERAL regexp_matches(r.body, '\m(enter_tenant|issue_api_key|rotate_api_key)\M', 'g') AS m
    CROSS JOIN LATERAL (SELECT m[1] AS name) AS o
    INNER JOIN pg_proc AS f ON f.proname = o.name AND f.pronamespace = 'tenantry'::regnamespace AND has_function_privilege(r.proowner, f.oid, 'EXECUTE')
    WHERE r.prosecdef AND r.is_callable
    GROUP BY r.name, r.proowner
    UNION ALL
    SELECT 'TNT214', r.name, 'is LEAKPROOF by its maker''s word alone', format('ALTER FUNCTION %s NOT LEAKPROOF;', r.name)
    FROM routines AS r
    WHERE r.proleakproof
    UNION ALL
    SELECT 'TNT215', r.name, 'is IMMUTABLE, but reads what changes', format('ALTER FUNCTION %s STABLE;', r.name)
    FROM routines AS r
    WHERE r.provolatile = 'i'
        AND (
            r.body ~* '\m(current_setting|current_user|session_user|current_role|current_tenant|current_member|current_clearance|now|clock_timestamp)\M'
            OR EXISTS (
                SELECT FROM tenantry_private.watched_relations() AS w
                INNER JOIN pg_class AS c ON w.relation = c.oid
                WHERE r.body ~* ('\m(FROM|JOIN)\s+(only\s+)?("?\w+"?\.)?"?' || regexp_replace(c.relname, '(\W)', '\\\1', 'g') || '\M')
            )
        )
    UNION ALL
    SELECT
        'TNT216', r.name, format('is preferred to pg_catalog.%I where the types fit better', r.proname),
        format('ALTER ROUTINE %s RENAME TO %I;', r.name, 'own_' || r.proname)
    FROM routines AS r
    WHERE r.pronamespace = 'public'::regnamespace AND cardinality(r.proargtypes::oid[]) > 0
        AND 16384 > ALL (r.proargtypes::oid[])
        AND EXISTS (
            SELECT FROM pg_proc AS s
            WHERE s.proname = r.proname AND s.pronamespace = 'pg_catalog'::regnamespace
                AND cardinality(s.proargtypes::oid[]) = cardinality(r.proargtypes::oid[])
        )
    UNION ALL
    SELECT
        'TNT217', o.oid::regoperator::text, format('is preferred to the system''s operator %s where the types fit better', o.oprname),
        format('DROP OPERATOR %s;', regexp_replace(o.oid::regoperator::text, '\(', ' ('))
    FROM pg_operator AS o
    INNER JOIN pg_namespace AS n ON o.oprnamespace = n.oid
    WHERE n.nspname NOT IN ('tenantry', 'tenantry_private', 'pg_catalog', 'information_schema') AND n.nspname !~ '^pg_temp_'
        AND o.oprleft < 16384 AND o.oprright < 16384
        AND EXISTS (SELECT FROM pg_operator AS s WHERE s.oprname = o.oprname AND s.oprnamespace = 'pg_catalog'::regnamespace)
        AND NOT EXISTS (
            SELECT FROM pg_depend AS d WHERE d.classid = 'pg_operator'::regclass AND d.objid = o.oid AND d.deptype = 'e'
        );
$$;

COMMENT ON FUNCTION tenantry_private.check_routines() IS 'find routines that let their caller around the policies';
REVOKE ALL ON FUNCTION tenantry_private.check_routines() FROM PUBLIC;
