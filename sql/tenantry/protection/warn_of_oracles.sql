-- Warn of keys and indexes that reach across tenants. PostgreSQL checks keys without row-level security: a unique key
-- without the tenant tells whether another tenant has a value, a foreign key without it lets a row refer to another
-- tenant's row. An index that does not begin with the tenant is scanned before the policy filters, and EXPLAIN ANALYZE
-- tells how many rows it found. An index of one uuid is left alone: it answers only to who knows the value already.
-- So are GIN, GiST and SP-GiST, whose operators are not leakproof and therefore not used before the policy.
CREATE OR REPLACE FUNCTION tenantry.warn_of_oracles(p_table regclass, p_tenant_column name)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_key record;
BEGIN
    FOR v_key IN
        SELECT i.indexrelid::regclass AS index_name, (i.indisunique OR i.indisexclusion) AND t.attnum <> ALL (i.indkey[0 : i.indnkeyatts - 1]) AS is_key
        FROM pg_index AS i
        INNER JOIN pg_class AS x ON i.indexrelid = x.oid
        INNER JOIN pg_am AS m ON x.relam = m.oid
        INNER JOIN pg_attribute AS t ON t.attrelid = i.indrelid AND t.attname = p_tenant_column
        LEFT JOIN pg_attribute AS k ON k.attrelid = i.indrelid AND k.attnum = i.indkey[0]
        WHERE i.indrelid = p_table
            AND i.indkey[0] <> t.attnum
            AND (i.indisexclusion OR m.amname NOT IN ('gin', 'gist', 'spgist'))
            AND NOT (i.indnkeyatts = 1 AND k.atttypid IS NOT DISTINCT FROM 'uuid'::regtype)
        ORDER BY i.indexrelid
    LOOP
        IF v_key.is_key THEN
            RAISE WARNING USING
                MESSAGE = format('unique index %s of %s does not include "%s"', v_key.index_name, p_table, p_tenant_column),
                HINT = format('It tells a tenant whether another one has a value. Replace it by one that begins with %I.', p_tenant_column);
        ELSE
            RAISE WARNING USING
                MESSAGE = format('index %s of %s does not begin with "%s"', v_key.index_name, p_table, p_tenant_column),
                HINT = format('EXPLAIN ANALYZE over it counts other tenants'' rows. Replace it by one that begins with %I.', p_tenant_column);
        END IF;
    END LOOP;

    FOR v_key IN
        SELECT c.conname, c.conrelid::regclass AS referencing, c.confrelid::regclass AS referenced
        FROM pg_constraint AS c
        INNER JOIN pg_attribute AS t
            ON t.attrelid = c.confrelid AND t.attname = tenantry.policy_column(c.confrelid, 'tenantry_isolation')
        INNER JOIN pg_attribute AS o
            ON o.attrelid = c.conrelid AND o.attname = tenantry.policy_column(c.conrelid, 'tenantry_isolation')
        WHERE c.contype = 'f' AND p_table IN (c.conrelid, c.confrelid)
            AND NOT EXISTS (
                SELECT FROM unnest(c.conkey, c.confkey) AS k (referencing, referenced)
                WHERE k.referencing = o.attnum AND k.referenced = t.attnum
            )
        ORDER BY c.conname
    LOOP
        RAISE WARNING USING
            MESSAGE = format('foreign key %I lets a row of %s refer to another tenant''s row of %s', v_key.conname, v_key.referencing, v_key.referenced),
            HINT = 'Let the key and its reference begin with the tenant column on both sides.';
    END LOOP;

    FOR v_key IN
        SELECT c.conname, c.conrelid::regclass AS referencing, c.confrelid::regclass AS referenced
        FROM pg_constraint AS c
        WHERE c.contype = 'f' AND c.conrelid = p_table AND c.confrelid <> 'tenantry.tenants'::regclass
            AND (c.confdeltype IN ('c', 'n', 'd') OR c.confupdtype IN ('c', 'n', 'd'))
            AND tenantry.policy_column(c.confrelid, 'tenantry_isolation') IS NULL
        ORDER BY c.conname
    LOOP
        RAISE WARNING USING
            MESSAGE = format('foreign key %I lets a change of %s reach every tenant''s rows of %s', v_key.conname, v_key.referenced, v_key.referencing),
            HINT = format('Let the key refuse instead of cascading, or do not let the application write to %s.', v_key.referenced);
    END LOOP;
END
$$;

COMMENT ON FUNCTION tenantry.warn_of_oracles(regclass, name) IS 'warn of keys and indexes that reach across tenants';
REVOKE ALL ON FUNCTION tenantry.warn_of_oracles(regclass, name) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.warn_of_oracles(regclass, name) TO tenantry_admin;
