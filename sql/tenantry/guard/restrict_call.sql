-- The call that mends the restriction of a table to readers, by the columns that the trigger beside the policies watches;
-- NULL for a table without.
CREATE OR REPLACE FUNCTION tenantry_private.restrict_call(p_table regclass)
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        format('SELECT tenantry.restrict_to_readers(%L, ', p_table::text)
        || string_agg(quote_literal(c.attname), ', ' ORDER BY c.atttypid = 'text[]'::regtype DESC) || ');'
    FROM (
        SELECT DISTINCT a.attname, a.atttypid
        FROM pg_trigger AS t
        INNER JOIN pg_depend AS d
            ON d.classid = 'pg_trigger'::regclass AND d.objid = t.oid
                AND d.refclassid = 'pg_class'::regclass AND d.refobjid = t.tgrelid AND d.refobjsubid > 0
        INNER JOIN pg_attribute AS a ON a.attrelid = t.tgrelid AND a.attnum = d.refobjsubid
        WHERE t.tgrelid = p_table AND t.tgfoid = 'tenantry.refuse_reader_change'::regproc
    ) AS c;
$$;

COMMENT ON FUNCTION tenantry_private.restrict_call(regclass) IS 'the call that mends the restriction of a table to readers';
REVOKE ALL ON FUNCTION tenantry_private.restrict_call(regclass) FROM PUBLIC;
