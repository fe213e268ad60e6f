-- TNT130 … TNT147: policies of tables that protect() has not seen. On a protected table they can open nothing, because ours
-- are restrictive; only what makes them slow counts there. What a policy says is judged by the text that PostgreSQL prints,
-- without the texts and sub-selects in it where that matters.
CREATE OR REPLACE FUNCTION tenantry_private.check_policies()
RETURNS TABLE (code text, object text, detail text, remedy text)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
SET quote_all_identifiers = off
AS $$
    WITH application AS MATERIALIZED (
        SELECT array_agg(g) AS roles FROM tenantry_private.application_grantees() AS g
    ),

    tables AS MATERIALIZED (
        SELECT
            w.*,
            CASE
                WHEN w.tenant_type = 'uuid'::regtype AND NOT w.is_partition
                    THEN format('SELECT tenantry.protect(%L, %L);', w.name, w.tenant_column)
                ELSE format('-- SELECT tenantry.protect(%L, …), by a tenant column that is a uuid.', coalesce(pg_partition_root(w.relation)::text, w.name))
            END AS remedy,
            '(?<!\w)' || regexp_replace(quote_ident(w.tenant_column), '(\W)', '\\\1', 'g') || '(?!\w)' AS tenant_pattern
        FROM tenantry_private.watched_relations() AS w
        WHERE w.kind IN ('r', 'p')
    ),

    policies AS MATERIALIZED (
        SELECT
            t.*, p.oid AS policy, p.polcmd, p.polpermissive AS is_permissive, p.polroles,
            format('%I on %s', p.polname, t.name) AS object,
            pg_get_expr(p.polqual, p.polrelid) AS condition,
            pg_get_expr(p.polwithcheck, p.polrelid) AS check_condition,
            p.polroles && a.roles AS binds_application
        FROM tables AS t
        INNER JOIN pg_policy AS p ON t.relation = p.polrelid
        CROSS JOIN application AS a
        WHERE p.polname NOT LIKE 'tenantry\_%'
    ),

    expressions AS MATERIALIZED (
        -- What the policy lets be read or touched, and what it lets be written.
        SELECT
            p.*, e.is_written, e.expression, x.words,
            EXISTS (
                SELECT FROM pg_attribute AS a
                WHERE a.attrelid = p.relation AND a.attnum > 0 AND NOT a.attisdropped
                    AND strpos(x.words, quote_ident(a.attname)) > 0
            ) AS looks_at_row,
            coalesce(x.words ~ p.tenant_pattern, false) AS looks_at_tenant
        FROM policies AS p
        CROSS JOIN LATERAL (
            VALUES (false, p.condition), (true, p.check_condition)
        ) AS e (is_written, expression)
        -- Without texts, but with quoted names.
        CROSS JOIN LATERAL regexp_replace(e.expression, '("(?:[^"]|"")*")|''(?:[^'']|'''')*''', '\1', 'g') AS x (words)
        WHERE e.expression IS NOT NULL
    ),

    -- Tables that a restrictive policy for everybody and everything isolates, whatever the permissive ones say.
    isolated AS MATERIALIZED (
        SELECT DISTINCT e.relation
        FROM expressions AS e
        WHERE NOT e.is_permissive AND NOT e.is_written AND e.polcmd = '*' AND e.polroles = '{0}' AND e.looks_at_tenant
            AND (e.check_condition IS NULL OR e.check_condition ~ e.tenant_pattern)
    ),

    open AS MATERIALIZED (
        SELECT e.*
        FROM expressions AS e
        WHERE e.is_permissive AND e.binds_application AND NOT e.is_protected AND e.has_row_security
            AND e.expression <> 'false' AND NOT EXISTS (SELECT FROM isolated AS i WHERE i.relation = e.relation)
    ),

    calls AS MATERIALIZED (
        SELECT DISTINCT p.policy, f.oid, f.proname, f.provolatile, CASE WHEN n.nspname NOT LIKE 'tenantry%' THEN f.prosrc END AS body
        FROM policies AS p
        INNER JOIN pg_depend AS d
            ON d.classid = 'pg_policy'::regclass AND d.objid = p.policy AND d.refclassid = 'pg_proc'::regclass
        INNER JOIN pg_proc AS f ON d.refobjid = f.oid
        INNER JOIN pg_namespace AS n ON f.pronamespace = n.oid
    ),

    findings AS (
        SELECT 'TNT130' AS code, t.name AS object, 'has policies, but row-level security is not enabled' AS detail, t.remedy
        FROM tables AS t
        WHERE NOT t.has_row_security AND NOT t.is_protected AND EXISTS (SELECT FROM policies AS p WHERE p.relation = t.relation)
        UNION ALL
        SELECT 'TNT131', t.name, format('row-level security does not bind its owner, %s', t.owner::regrole), t.remedy
        FROM tables AS t
        WHERE t.has_row_security AND NOT t.is_forced AND NOT t.is_protected
        UNION ALL
        SELECT 'TNT132', o.object, concat('lets every row through: ', o.expression), o.remedy
        FROM open AS o
        WHERE NOT (o.is_written AND o.condition IS NOT NULL)
            AND (NOT o.looks_at_row OR o.words ~* '\mOR true\M|\mtrue OR\M|OR \(1 = 1\)')
        UNION ALL
        SELECT 'TNT133', o.object, concat('looks at rows, but not at their tenant: ', o.expression), o.remedy
        FROM open AS o
        WHERE NOT (o.is_written AND o.condition IS NOT NULL) AND o.looks_at_row AND NOT o.looks_at_tenant
        UNION ALL
        SELECT 'TNT134', o.object, concat('opens where there is no context: ', o.expression), o.remedy
        FROM open AS o
        WHERE o.words ~ '(\)|::\w+) IS NULL\)? OR ' OR o.words ~ ' OR \((.*\)|.*::\w+) IS NULL\)'
            OR o.expression ~ '\) = ''''(::text)?\)? OR ' OR o.words ~ ('COALESCE\(.+, \(?' || o.tenant_pattern)
        UNION ALL
        SELECT 'TNT135', o.object, 'believes a setting, which any statement can set', o.remedy
        FROM open AS o
        WHERE o.words ~ '\mcurrent_setting\('
            OR EXISTS (SELECT FROM calls AS c WHERE c.policy = o.policy AND c.body ~* '\mcurrent_setting\M')
        UNION ALL
        SELECT 'TNT136', o.object, 'believes a claim that its subject can edit', o.remedy
        FROM open AS o
        WHERE o.expression ~* 'user_metadata|raw_user_meta_data|\memail\(\)'
            OR EXISTS (SELECT FROM calls AS c WHERE c.policy = o.policy AND c.body ~* 'user_metadata|raw_user_meta_data')
        UNION ALL
        SELECT 'TNT137', o.object, concat('lets rows be written for any tenant: ', o.expression), o.remedy
        FROM open AS o
        WHERE o.is_written AND o.polcmd IN ('*', 'a', 'w') AND NOT o.looks_at_tenant
            AND (o.polcmd = 'a' OR o.condition ~ o.tenant_pattern)
        UNION ALL
        SELECT 'TNT138', o.object, concat('matches by pattern: ', o.expression), o.remedy
        FROM open AS o
        WHERE o.looks_at_tenant AND o.words ~ ' (~~\*?|~\*?|SIMILAR TO|LIKE|ILIKE) '
        UNION ALL
        SELECT 'TNT139', o.object, concat('asks which role is logged in: ', o.expression), o.remedy
        FROM open AS o
        WHERE o.words ~ '\m(CURRENT_USER|SESSION_USER|CURRENT_ROLE)\M'
        UNION ALL
        SELECT 'TNT140', o.object, format('looks up %s, which the application can %s', r.oid::regclass, l.what), o.remedy
        FROM open AS o
        INNER JOIN pg_depend AS d
            ON d.classid = 'pg_policy'::regclass AND d.objid = o.policy AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> o.relation
        INNER JOIN pg_class AS r ON d.refobjid = r.oid AND r.relkind IN ('r', 'p')
        CROSS JOIN LATERAL (
            SELECT string_agg(DISTINCT lower(a.privilege), ', ') AS what
            FROM tenantry_private.application_privileges() AS a
            WHERE a.relation = r.oid AND a.privilege IN ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE')
        ) AS l
        WHERE l.what IS NOT NULL AND NOT EXISTS (
            SELECT FROM pg_policy AS p WHERE p.polrelid = r.oid AND p.polname = 'tenantry_isolation'
        )
        UNION ALL
        SELECT 'TNT141', o.object, concat('names a tenant: ', o.expression), o.remedy
        FROM open AS o
        WHERE o.looks_at_tenant
            AND o.expression ~ (o.tenant_pattern || '\)?(::\w+)? = (ANY \()?\(?(''[^'']*''|\d+\M)')
        UNION ALL
        SELECT
            'TNT142', p.object,
            CASE
                WHEN p.condition = 'true' THEN 'restricts nothing'
                ELSE concat(
                    'does not restrict ',
                    CASE WHEN p.polroles <> '{0}' THEN 'every role' END,
                    CASE WHEN p.polroles <> '{0}' AND p.polcmd <> '*' THEN ' and ' END,
                    CASE WHEN p.polcmd <> '*' THEN 'every command' END
                )
            END,
            p.remedy
        FROM policies AS p
        WHERE NOT p.is_permissive AND NOT p.is_protected
            AND (p.condition = 'true' OR p.polroles <> '{0}' OR p.polcmd <> '*')
        UNION ALL
        SELECT 'TNT143', t.name, 'no permissive policy lets the application see a row', t.remedy
        FROM tables AS t
        WHERE t.has_row_security AND NOT t.is_protected
            AND NOT EXISTS (
                SELECT FROM pg_policy AS p CROSS JOIN application AS a
                WHERE p.polrelid = t.relation AND p.polpermissive AND p.polcmd IN ('*', 'r') AND p.polroles && a.roles
            )
        UNION ALL
        SELECT 'TNT144', t.name, format('what any of these allows is allowed: %s', string_agg(DISTINCT p.object, ', ')), t.remedy
        FROM tables AS t
        INNER JOIN policies AS p ON t.relation = p.relation AND p.is_permissive AND p.binds_application
        INNER JOIN policies AS q
            ON p.relation = q.relation AND q.is_permissive AND q.binds_application AND p.policy <> q.policy
                AND (p.polcmd = q.polcmd OR '*' IN (p.polcmd, q.polcmd))
        WHERE NOT t.is_protected AND t.has_row_security AND NOT EXISTS (SELECT FROM isolated AS i WHERE i.relation = t.relation)
        GROUP BY t.name, t.remedy
        UNION ALL
        SELECT
            'TNT145', max(p.object), format('says the same as %s', min(p.object)),
            concat('DROP POLICY ', max(p.object), ';')
        FROM policies AS p
        GROUP BY p.relation, p.polcmd, p.is_permissive, p.polroles, p.condition, p.check_condition
        HAVING count(*) > 1
        UNION ALL
        SELECT
            'TNT146', e.object, format('calls %s once a row', string_agg(DISTINCT c.name, ', ')),
            format('-- ALTER POLICY %s: write (SELECT …) around the call, which PostgreSQL then makes once a statement.', e.object)
        FROM expressions AS e
        CROSS JOIN LATERAL (
            -- Without sub-selects, in whose parentheses there are others.
            SELECT regexp_replace(
                e.words, '\( SELECT ' || repeat('[^()]*(?:\(', 8) || '[^()]*' || repeat('\)[^()]*)*', 8) || '\)', '', 'g'
            ) AS words
        ) AS x
        INNER JOIN LATERAL (
            SELECT 'current_setting' AS name WHERE x.words ~ '\mcurrent_setting\('
            UNION ALL
            SELECT f.proname FROM calls AS f
            WHERE f.policy = e.policy AND f.provolatile = 's' AND strpos(x.words, quote_ident(f.proname) || '(') > 0
        ) AS c ON true
        GROUP BY e.object
        UNION ALL
        SELECT
            'TNT147', e.object, concat('calls a volatile function: ', e.expression),
            format('-- ALTER POLICY %s: call a function that is STABLE, and write (SELECT …) around it.', e.object)
        FROM expressions AS e
        WHERE e.words ~ '\m(random|clock_timestamp|timeofday|gen_random_uuid)\('
            OR EXISTS (
                SELECT FROM calls AS c
                WHERE c.policy = e.policy AND c.provolatile = 'v' AND strpos(e.words, quote_ident(c.proname) || '(') > 0
            )
    )

    SELECT DISTINCT f.code, f.object, f.detail, f.remedy FROM findings AS f;
$$;

COMMENT ON FUNCTION tenantry_private.check_policies() IS 'find policies that do not isolate';
REVOKE ALL ON FUNCTION tenantry_private.check_policies() FROM PUBLIC;
