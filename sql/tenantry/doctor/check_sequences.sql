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
        WHERE NOT w.is_partition AND w.kind IN ('r', 'p')
    ),

    numbered AS MATERIALIZED (
        SELECT c.relation, c.name, c.attname, s.oid AS sequence, s.oid::regclass::text AS sequence_name
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
    ),

    privileges AS MATERIALIZED (
        SELECT a.* FROM tenantry_private.application_privileges() AS a
    )

    SELECT
        'TNT320', format('%s.%I', n.name, n.attname), format('is numbered by %s through all tenants', n.sequence_name),
        format('-- Use uuids: ALTER TABLE %s ALTER COLUMN %I … TYPE uuid USING gen_random_uuid(), ALTER COLUMN %2$I SET DEFAULT gen_random_uuid();', n.name, n.attname)
    FROM numbered AS n
    WHERE EXISTS (
        SELECT FROM privileges AS a WHERE a.relation = n.relation AND a.privilege = 'SELECT'
    )
    UNION ALL
    SELECT
        'TNT321', n.sequence_name,
        format('the application may %s', string_agg(DISTINCT CASE a.privilege WHEN 'SELECT' THEN 'read its state' ELSE 'set it' END, ' and ')),
        format(
            'REVOKE SELECT, UPDATE ON SEQUENCE %s FROM %s;', n.sequence_name,
            string_agg(DISTINCT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END, ', ')
        )
    FROM numbered AS n
    INNER JOIN privileges AS a ON n.sequence = a.relation AND a.privilege IN ('SELECT', 'UPDATE')
    GROUP BY n.sequence_name;
$$;

COMMENT ON FUNCTION tenantry_private.check_sequences() IS 'find numbers that tell how much everybody writes';
REVOKE ALL ON FUNCTION tenantry_private.check_sequences() FROM PUBLIC;
