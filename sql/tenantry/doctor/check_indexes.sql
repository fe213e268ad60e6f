-- TNT310, TNT311: indexes that are scanned before the policy filters, over several tenants' rows. GIN, GiST and SP-GiST are
-- not, because their operators are not leakproof. One of a single uuid answers only to who knows the value.
CREATE OR REPLACE FUNCTION tenantry_private.check_indexes()
RETURNS TABLE (code text, object text, detail text, remedy text)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
SET quote_all_identifiers = off
AS $$
    SELECT
        CASE WHEN m.amname IN ('hnsw', 'ivfflat', 'diskann', 'vchordrq') THEN 'TNT311' ELSE 'TNT310' END,
        i.indexrelid::regclass::text,
        CASE
            WHEN m.amname IN ('hnsw', 'ivfflat', 'diskann', 'vchordrq')
                THEN format('finds the nearest rows of all tenants of %s, then the policy leaves few of them', w.name)
            ELSE format('index of %s that does not begin with %I', w.name, w.tenant_column)
        END,
        CASE
            WHEN m.amname NOT IN ('btree', 'brin') THEN format('DROP INDEX %s;', i.indexrelid::regclass)
            WHEN k.oid IS NOT NULL THEN format('-- Let the key begin with %I: ALTER TABLE %s DROP CONSTRAINT %I, ADD CONSTRAINT %3$I …', w.tenant_column, w.name, k.conname)
            ELSE format(
                'DROP INDEX %s; %s;', i.indexrelid::regclass, tenantry_private.index_with_tenant(i.indexrelid, w.tenant_column)
            )
        END
    FROM tenantry_private.watched_relations() AS w
    INNER JOIN pg_index AS i ON w.relation = i.indrelid AND i.indkey[0] <> w.tenant_attnum
    INNER JOIN pg_class AS x ON i.indexrelid = x.oid AND NOT x.relispartition
    INNER JOIN pg_am AS m ON x.relam = m.oid AND m.amname NOT IN ('gin', 'gist', 'spgist')
    LEFT JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
    LEFT JOIN pg_constraint AS k ON i.indexrelid = k.conindid AND k.conrelid = i.indrelid AND k.contype IN ('p', 'u', 'x')
    -- One that is open to everybody has nothing left to tell.
    WHERE (w.is_protected OR w.has_row_security)
        AND NOT (i.indnkeyatts = 1 AND a.atttypid IS NOT DISTINCT FROM 'uuid'::regtype)
        -- A unique one without the tenant is the graver TNT301 already.
        AND NOT (i.indisunique AND w.tenant_attnum <> ALL (i.indkey[0 : i.indnkeyatts - 1]))
        AND coalesce(strpos(pg_get_expr(i.indpred, i.indrelid), quote_ident(w.tenant_column)), 0) = 0;
$$;

COMMENT ON FUNCTION tenantry_private.check_indexes() IS 'find indexes that are scanned before the policy filters';
REVOKE ALL ON FUNCTION tenantry_private.check_indexes() FROM PUBLIC;
