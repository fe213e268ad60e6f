-- What is missing of the policies, triggers and privileges of tables or partitions, a row a gap. A set at once, because the
-- doctor asks for thousands.
CREATE OR REPLACE FUNCTION tenantry.gaps_of_relations(
    p_relations regclass[], p_tenant_columns name[], p_permission_columns name[], p_are_shared boolean[]
)
RETURNS TABLE (relation regclass, gap text)
LANGUAGE plpgsql
STABLE
ROWS 10
SET search_path = pg_catalog, pg_temp
SET quote_all_identifiers = off
SET jit = off
AS $$
DECLARE
    v_application CONSTANT oid[] := ARRAY(SELECT r::oid FROM tenantry.application_roles() AS r);
BEGIN
    RETURN QUERY
    WITH relations AS MATERIALIZED (
        SELECT r.ordinal, r.relation, r.tenant_column, r.permission_column, r.is_shared, c.relrowsecurity, c.relforcerowsecurity, c.relacl, c.relowner
        FROM unnest(p_relations, p_tenant_columns, p_permission_columns, p_are_shared)
            WITH ORDINALITY AS r (relation, tenant_column, permission_column, is_shared, ordinal)
        INNER JOIN pg_class AS c ON r.relation = c.oid
    ),

    triggers AS MATERIALIZED (
        SELECT r.relation, t.tgfoid::regproc AS function
        FROM relations AS r
        INNER JOIN pg_trigger AS t ON r.relation = t.tgrelid
        WHERE t.tgenabled IN ('O', 'A')
            AND t.tgfoid IN (
                'tenantry.refuse_tenant_change'::regproc, 'tenantry.refuse_lowered_level'::regproc, 'tenantry.refuse_truncate'::regproc
            )
            AND pg_get_triggerdef(t.oid) = format(
                'CREATE TRIGGER %I %s', t.tgname,
                tenantry.trigger_definition(
                    r.relation, t.tgfoid,
                    CASE WHEN t.tgfoid = 'tenantry.refuse_lowered_level'::regproc THEN r.permission_column ELSE r.tenant_column END
                )
            )
    )

    SELECT g.relation, g.gap
    FROM (
        SELECT r.ordinal, 1 AS rank, r.relation, format('row-level security of %s is not enabled and forced', r.relation) AS gap
        FROM relations AS r
        WHERE NOT r.relrowsecurity OR NOT r.relforcerowsecurity
        UNION ALL
        SELECT r.ordinal, 2, r.relation, format('policy %s of %s is missing or altered', e.policy, r.relation)
        FROM relations AS r
        CROSS JOIN LATERAL tenantry.tenant_policies(r.relation, r.tenant_column, r.permission_column, r.is_shared) AS e
        WHERE NOT e.is_permissive AND NOT EXISTS (
            -- OFFSET keeps this a look-up for each: the expressions of all policies would be written out instead.
            SELECT FROM (SELECT q.* FROM pg_policy AS q WHERE q.polrelid = r.relation AND q.polname = e.policy OFFSET 0) AS p
            WHERE NOT p.polpermissive AND p.polroles = '{0}'
                AND p.polcmd = CASE e.command WHEN 'ALL' THEN '*' WHEN 'SELECT' THEN 'r' WHEN 'INSERT' THEN 'a' WHEN 'UPDATE' THEN 'w' WHEN 'DELETE' THEN 'd' END
                AND pg_get_expr(p.polqual, p.polrelid) IS NOT DISTINCT FROM e.using_expression
                AND pg_get_expr(p.polwithcheck, p.polrelid) IS NOT DISTINCT FROM e.check_expression
        )
        UNION ALL
        SELECT r.ordinal, 3, r.relation, format('policy tenantry_permission of %s is missing or altered', r.relation)
        FROM relations AS r
        WHERE r.permission_column IS NULL
            AND EXISTS (SELECT FROM pg_policy AS p WHERE p.polrelid = r.relation AND p.polname = 'tenantry_permission')
        UNION ALL
        -- Restrictive policies are asked in the order of their names: a function in an earlier one sees what ours keep back, and may
        -- tell, unless it is leakproof or ours. Conversions by way of text or to a domain raise errors that hold the value.
        SELECT r.ordinal, 2, r.relation, format('policy %I of %s sees the rows of every tenant, for it comes before ours', p.polname, r.relation)
        FROM relations AS r
        INNER JOIN pg_policy AS p ON r.relation = p.polrelid
        WHERE NOT p.polpermissive AND p.polqual IS NOT NULL
            AND p.polname < CASE WHEN r.is_shared THEN 'tenantry_isolation_update' ELSE 'tenantry_isolation' END
            AND p.polname NOT IN ('tenantry_isolation', 'tenantry_isolation_delete', 'tenantry_isolation_insert')
            AND (
                p.polqual::text ~ '[{](COERCEVIAIO|COERCETODOMAIN|ROWCOMPARE|XMLEXPR|JSON)'
                OR EXISTS (
                    SELECT FROM regexp_matches(p.polqual::text, ':(?:funcid|opfuncid|aggfnoid|winfnoid) ([0-9]+)', 'g') AS m (function)
                    INNER JOIN pg_proc AS f ON m.function[1]::oid = f.oid
                    WHERE NOT f.proleakproof AND f.pronamespace <> 'tenantry'::regnamespace
                )
            )
        UNION ALL
        SELECT r.ordinal, 5, r.relation, format('no permissive policy of %s lets anybody see a row', r.relation)
        FROM relations AS r
        WHERE r.relrowsecurity AND NOT EXISTS (SELECT FROM pg_policy AS p WHERE p.polrelid = r.relation AND p.polpermissive)
        UNION ALL
        SELECT r.ordinal, f.rank, r.relation, format(f.gap, r.relation)
        FROM relations AS r
        CROSS JOIN (
            VALUES
            (4, 'tenantry.refuse_lowered_level'::regproc, '%s lets the permission level of a row be lowered by who may write it'),
            (6, 'tenantry.refuse_tenant_change'::regproc, '%s lets the tenant of a row change'),
            (7, 'tenantry.refuse_truncate'::regproc, '%s can be truncated by who may not read it')
        ) AS f (rank, function, gap)
        WHERE (f.rank <> 4 OR r.permission_column IS NOT NULL)
            AND NOT EXISTS (SELECT FROM triggers AS t WHERE t.relation = r.relation AND t.function = f.function)
        UNION ALL
        SELECT r.ordinal, 8, r.relation, format('the application holds TRUNCATE, REFERENCES or TRIGGER on %s', r.relation)
        FROM relations AS r
        WHERE EXISTS (
            SELECT FROM (
                SELECT r.relacl AS acl
                UNION ALL
                SELECT a.attacl FROM pg_attribute AS a WHERE a.attrelid = r.relation AND a.attacl IS NOT NULL
            ) AS l
            CROSS JOIN LATERAL aclexplode(l.acl) AS x
            WHERE x.privilege_type IN ('TRUNCATE', 'REFERENCES', 'TRIGGER') AND x.grantee = ANY (0::oid || v_application)
        )
        UNION ALL
        SELECT r.ordinal, 9, r.relation, format('the application can act as the owner of %s', r.relation)
        FROM relations AS r
        WHERE r.relowner = ANY (v_application)
    ) AS g
    ORDER BY g.ordinal, g.rank, g.gap;
END
$$;

COMMENT ON FUNCTION tenantry.gaps_of_relations(regclass[], name[], name[], boolean[])
IS 'what is missing of the policies, triggers and privileges of relations';
REVOKE ALL ON FUNCTION tenantry.gaps_of_relations(regclass[], name[], name[], boolean[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.gaps_of_relations(regclass[], name[], name[], boolean[]) TO tenantry_admin, tenantry_auditor;
