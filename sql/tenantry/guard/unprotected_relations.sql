-- What is missing of the protection of relations, a row a gap, with the SQL that mends it: of those given or, without any, of
-- everything in managed schemas and of every protected table. What is exempt has no gaps; what belongs to an extension and
-- temporary tables, which no other session sees, are left out unless given. Partitions come with their partitioned table.
-- kind: 'table' is not protected at all, 'protection' is incomplete, and 'inheritance', 'rule', 'view', 'materialized view'
-- and 'foreign table' are what walks around policies.
CREATE OR REPLACE FUNCTION tenantry_private.unprotected_relations(p_relations oid[] DEFAULT NULL)
RETURNS TABLE (relation regclass, kind text, gap text, remedy text)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
SET quote_all_identifiers = off
AS $$
DECLARE
    v_relations oid[];
BEGIN
    SELECT array_agg(c.oid) INTO v_relations
    FROM pg_class AS c
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition AND c.relpersistence <> 't'
        AND NOT EXISTS (SELECT FROM tenantry_private.exempt_relations AS e WHERE e.relation = c.oid)
        AND CASE
            WHEN p_relations IS NOT NULL THEN c.oid = ANY (p_relations)
            ELSE (
                EXISTS (
                    SELECT FROM tenantry_private.managed_schemas AS m
                    INNER JOIN pg_namespace AS n ON m.schema_name = n.nspname
                    WHERE n.oid = c.relnamespace
                )
                OR EXISTS (SELECT FROM pg_policy AS p WHERE p.polrelid = c.oid AND p.polname = 'tenantry_isolation')
            )
            AND NOT EXISTS (
                SELECT FROM pg_depend AS d
                WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
            )
        END;

    RETURN QUERY
    SELECT
        g.table_name,
        CASE g.gap WHEN 'not protected' THEN 'table' ELSE 'protection' END,
        g.gap,
        CASE
            WHEN g.gap LIKE 'the application can act as the owner of %'
                THEN format('ALTER TABLE %s OWNER TO CURRENT_USER;', substr(g.gap, length('the application can act as the owner of ') + 1))
            WHEN g.gap LIKE '% sees the rows of every tenant, %'
                THEN (
                    SELECT format('ALTER POLICY %I ON %s RENAME TO %I;', p.polname, r, 'z_' || p.polname)
                    FROM tenantry.relations_of(g.table_name) AS r
                    INNER JOIN pg_policy AS p ON r = p.polrelid
                    WHERE g.gap = format('policy %I of %s sees the rows of every tenant, for it comes before ours', p.polname, r)
                )
            ELSE tenantry_private.protect_call(g.table_name)
                -- Without its policy, protect() does not know of a restriction to readers.
                || CASE
                    WHEN g.gap ~ '^not protected|tenantry_readers|tenantry_row_owner'
                        THEN coalesce(' ' || tenantry_private.restrict_call(g.table_name), '')
                    ELSE ''
                END
        END
    FROM tenantry.gaps_of_tables(
        ARRAY(SELECT c.oid::regclass FROM pg_class AS c WHERE c.oid = ANY (v_relations) AND c.relkind IN ('r', 'p') ORDER BY 1)
    ) AS g;

    RETURN QUERY
    SELECT
        i.inhrelid::regclass, 'inheritance',
        format('%s inherits from %s, which shows its rows under policies of its own', i.inhrelid::regclass, i.inhparent::regclass),
        format('ALTER TABLE %s NO INHERIT %s;', i.inhrelid::regclass, i.inhparent::regclass)
    FROM pg_inherits AS i
    INNER JOIN pg_class AS c ON i.inhrelid = c.oid
    WHERE (i.inhrelid = ANY (v_relations) OR i.inhparent = ANY (v_relations)) AND NOT c.relispartition AND c.relkind IN ('r', 'f');

    RETURN QUERY
    SELECT
        w.ev_class::regclass, 'rule',
        format('rule %I of %s runs with the rights of its owner', w.rulename, w.ev_class::regclass),
        format('DROP RULE %I ON %s;', w.rulename, w.ev_class::regclass)
    FROM pg_rewrite AS w
    WHERE w.ev_class = ANY (v_relations) AND w.ev_type <> '1';

    RETURN QUERY
    SELECT
        c.oid::regclass,
        CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' ELSE 'foreign table' END,
        CASE c.relkind
            WHEN 'v' THEN format('view %s reads with the rights of its owner', c.oid::regclass)
            WHEN 'm' THEN format('materialized view %s shows what its owner saw, to whoever may read it', c.oid::regclass)
            ELSE format('row-level security does not exist for foreign table %s', c.oid::regclass)
        END,
        CASE c.relkind
            WHEN 'v' THEN format('ALTER VIEW %s SET (security_invoker = true);', c.oid::regclass)
            ELSE format('SELECT tenantry.exempt(%L, %L);', c.oid::regclass, '…')
        END
    FROM pg_class AS c
    WHERE c.oid = ANY (v_relations) AND c.relkind IN ('v', 'm', 'f')
        AND NOT (
            c.relkind = 'v' AND EXISTS (
                SELECT FROM pg_options_to_table(c.reloptions) AS o
                WHERE o.option_name = 'security_invoker' AND o.option_value::boolean
            )
        );
END
$$;

COMMENT ON FUNCTION tenantry_private.unprotected_relations(oid[]) IS 'what is missing of the protection of relations, and what mends it';
REVOKE ALL ON FUNCTION tenantry_private.unprotected_relations(oid[]) FROM PUBLIC;
