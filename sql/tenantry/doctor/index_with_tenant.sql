-- The statement that makes an index again, with the tenant before its columns. What pg_get_indexdef() says is cut after the
-- head, which is known to the letter: no name in it can be taken for something else.
CREATE OR REPLACE FUNCTION tenantry_private.index_with_tenant(p_index oid, p_tenant_column name)
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
SET quote_all_identifiers = off
AS $$
    SELECT
        format('CREATE %sINDEX %I ON %I.%I USING %I (%I, ', u.word, x.relname, n.nspname, t.relname, m.amname, p_tenant_column)
        || substr(
            pg_get_indexdef(p_index),
            1 + length(format(
                'CREATE %sINDEX %I ON %s%I.%I USING %I (', u.word, x.relname, CASE t.relkind WHEN 'p' THEN 'ONLY ' END, n.nspname, t.relname, m.amname
            ))
        )
    FROM pg_index AS i
    INNER JOIN pg_class AS x ON i.indexrelid = x.oid
    INNER JOIN pg_am AS m ON x.relam = m.oid
    INNER JOIN pg_class AS t ON i.indrelid = t.oid
    INNER JOIN pg_namespace AS n ON t.relnamespace = n.oid
    CROSS JOIN LATERAL (SELECT CASE WHEN i.indisunique THEN 'UNIQUE ' END) AS u (word)
    WHERE i.indexrelid = p_index;
$$;

COMMENT ON FUNCTION tenantry_private.index_with_tenant(oid, name) IS 'an index as it would be with the tenant first';
REVOKE ALL ON FUNCTION tenantry_private.index_with_tenant(oid, name) FROM PUBLIC;
