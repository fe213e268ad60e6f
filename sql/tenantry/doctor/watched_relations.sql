-- The relations that the doctor looks at: protected tables with their partitions, what is in managed schemas, and whatever
-- else has a tenant column, that is, one that is called like the tenant column of a protected table or as such columns usually
-- are. Not those of the system, of tenantry and of other extensions, not temporary ones, which other sessions cannot read, and
-- not what is exempt.
CREATE OR REPLACE FUNCTION tenantry_private.watched_relations()
RETURNS TABLE (
    relation oid, name text, kind text, is_partition boolean, has_row_security boolean, is_forced boolean, owner oid,
    tenant_column name, tenant_attnum smallint, tenant_type regtype, is_protected boolean
)
LANGUAGE sql
STABLE
ROWS 2000
SET search_path = pg_catalog, pg_temp
AS $$
    WITH protected AS MATERIALIZED (
        SELECT DISTINCT ON (p.polrelid) p.polrelid, a.attnum, a.attname
        FROM pg_policy AS p
        INNER JOIN pg_depend AS d
            ON d.classid = 'pg_policy'::regclass AND d.objid = p.oid
                AND d.refclassid = 'pg_class'::regclass AND d.refobjid = p.polrelid
        INNER JOIN pg_attribute AS a
            ON a.attrelid = p.polrelid AND a.attnum = d.refobjsubid AND a.atttypid = 'uuid'::regtype
        WHERE p.polname = 'tenantry_isolation'
        ORDER BY p.polrelid, a.attnum
    ),

    names (name, is_own) AS (
        SELECT p.attname, true FROM protected AS p
        UNION
        SELECT u.name, u.name = 'tenant_id'
        FROM unnest(ARRAY['tenant_id', 'organization_id', 'organisation_id', 'org_id', 'workspace_id']::name[]) AS u (name)
        UNION
        -- They mean other things as well, where tenants have another name.
        SELECT u.name, false FROM unnest(ARRAY['account_id', 'company_id']::name[]) AS u (name)
        WHERE NOT EXISTS (SELECT FROM protected)
    ),

    tenant_columns AS (
        SELECT p.polrelid AS relation, p.attnum, p.attname, 'uuid'::regtype AS type, true AS is_protected
        FROM protected AS p
        UNION ALL
        (
            SELECT DISTINCT ON (a.attrelid) a.attrelid, a.attnum, a.attname, a.atttypid, false
            FROM pg_attribute AS a
            WHERE a.attnum > 0 AND NOT a.attisdropped
                AND a.attname = ANY (ARRAY(SELECT n.name FROM names AS n))
                -- Not a join: the planner expects few protected tables, and would compare each column with each of them.
                AND a.attrelid NOT IN (SELECT p.polrelid FROM protected AS p)
            ORDER BY
                a.attrelid, a.attname = ANY (ARRAY(SELECT n.name FROM names AS n WHERE n.is_own)) DESC, a.atttypid = 'uuid'::regtype DESC,
                a.attnum
        )
    )

    SELECT
        c.oid, c.oid::regclass::text, c.relkind::text, c.relispartition, c.relrowsecurity, c.relforcerowsecurity, c.relowner,
        t.attname, t.attnum, t.type, coalesce(t.is_protected, false)
    FROM pg_class AS c
    INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
    LEFT JOIN tenant_columns AS t ON c.oid = t.relation
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relpersistence <> 't'
        AND n.nspname NOT IN ('tenantry', 'tenantry_private', 'pg_catalog', 'information_schema')
        AND (
            t.relation IS NOT NULL OR n.nspname IN (SELECT m.schema_name FROM tenantry_private.managed_schemas AS m)
        )
        AND NOT EXISTS (
            SELECT FROM pg_depend AS e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e'
        )
        AND NOT EXISTS (
            SELECT FROM tenantry_private.exempt_relations AS x
            WHERE x.relation = CASE WHEN c.relispartition THEN pg_partition_root(c.oid)::oid ELSE c.oid END
        );
$$;

COMMENT ON FUNCTION tenantry_private.watched_relations() IS 'relations with rows of tenants';
REVOKE ALL ON FUNCTION tenantry_private.watched_relations() FROM PUBLIC;
