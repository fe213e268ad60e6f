-- TNT320, TNT321: numbers that tell how much everybody writes.
CREATE OR REPLACE FUNCTION tenantry_private.check_sequences()
RETURNS TABLE (code text, object text, detail text, remedy text)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH columns AS MATERIALIZED (
        SELECT w.relation, w.name, a.attname, a.attnum
        FROM tenantry_private.watched_relations() AS w
        INNER JOIN pg_attribute AS a ON w.relation = a.attrelid AND a.attnum > 0 AND NOT a.attisdropped
        -- One that is open to everybody has nothing left to tell.
        WHERE NOT w.is_partition AND w.kind IN ('r', 'p') AND (w.is_protected OR w.has_row_security)
    ),

    numbered AS MATERIALIZED (
        SELECT c.relation, c.name, c.attname, s.oid::regclass::text AS sequence_name, s.relacl AS acl
        FROM (
            SELECT c.*, d.refobjid AS sequence
            FROM columns AS c
            INNER JOIN pg_attrdef AS e ON c.relation = e.adrelid AND c.attnum = e.adnum
            INNER JOIN pg_depend AS d
                ON d.classid = 'pg_attrdef'::regclass AND d.objid = e.oid AND d.refclassid = 'pg_class'::regclass
            UNION
            SELECT c.*, d.objid
            FROM columns AS c
            INNER JOIN pg_depend AS d
                ON d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
                    AND d.refobjid = c.relation AND d.refobjsubid = c.attnum AND d.deptype IN ('a', 'i')
        ) AS c
        INNER JOIN pg_class AS s ON c.sequence = s.oid AND s.relkind = 'S'
    )

    SELECT
        'TNT320', format('%s.%I', n.name, n.attname), format('is numbered by %s through all tenants', n.sequence_name),
        format(
            '-- ALTER TABLE %s ADD COLUMN … uuid NOT NULL DEFAULT gen_random_uuid(); once nothing refers to %I any more, drop that.', n.name, n.attname
        )
    FROM numbered AS n
    -- Not a join: the planner expects few of either, and would compare each with each.
    WHERE n.relation = ANY (
        ARRAY(SELECT a.relation::oid FROM tenantry_private.application_privileges() AS a WHERE a.privilege = 'SELECT')
    )
    UNION ALL
    SELECT
        'TNT321', n.sequence_name,
        format('the application may %s', string_agg(DISTINCT CASE x.privilege_type WHEN 'SELECT' THEN 'read its state' ELSE 'set it' END, ' and ')),
        format(
            'REVOKE SELECT, UPDATE ON SEQUENCE %s FROM %s;', n.sequence_name,
            string_agg(DISTINCT tenantry_private.grantee_name(x.grantee), ', ')
        )
    FROM numbered AS n
    CROSS JOIN LATERAL aclexplode(n.acl) AS x
    WHERE x.privilege_type IN ('SELECT', 'UPDATE') AND x.grantee IN (SELECT g FROM tenantry_private.application_grantees() AS g)
    GROUP BY n.sequence_name;
$$;

COMMENT ON FUNCTION tenantry_private.check_sequences() IS 'find numbers that tell how much everybody writes';
REVOKE ALL ON FUNCTION tenantry_private.check_sequences() FROM PUBLIC;
