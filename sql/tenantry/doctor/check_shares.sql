-- TNT128: shares of a table that is gone. Another table could get its number, and would be shared.
CREATE OR REPLACE FUNCTION tenantry_private.check_shares()
RETURNS TABLE (code text, object text, detail text, remedy text)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        'TNT128', 'tenantry.shares', format('%s shares name a table that is gone, number %s', count(*), s.table_name::oid),
        format('SELECT tenantry.forget_shares(%s);', s.table_name::oid)
    FROM tenantry_private.shares AS s
    WHERE NOT EXISTS (SELECT FROM pg_class AS c WHERE c.oid = s.table_name)
    GROUP BY s.table_name;
$$;

COMMENT ON FUNCTION tenantry_private.check_shares() IS 'find shares that outlive their table';
REVOKE ALL ON FUNCTION tenantry_private.check_shares() FROM PUBLIC;
