-- TNT507: pg_stat_statements as the application reads it. Sessions of all tenants are the same role, so each reads the statements of
-- the others. Values in queries are hidden, those in utility statements and in names of prepared statements are not.
CREATE OR REPLACE FUNCTION tenantry_private.check_statement_statistics()
RETURNS TABLE (code text, object text, detail text, remedy text)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        'TNT507',
        c.oid::regclass::text,
        format('%s reads the statements of every session of its role', tenantry_private.grantee_name(x.grantee)),
        format('REVOKE SELECT ON %s FROM %s;', c.oid::regclass, tenantry_private.grantee_name(x.grantee))
    FROM pg_extension AS e
    INNER JOIN pg_depend AS d ON e.oid = d.refobjid AND d.refclassid = 'pg_extension'::regclass AND d.classid = 'pg_class'::regclass
        AND d.deptype = 'e'
    INNER JOIN pg_class AS c ON d.objid = c.oid
    CROSS JOIN LATERAL aclexplode(c.relacl) AS x
    WHERE e.extname = 'pg_stat_statements' AND c.relname = 'pg_stat_statements' AND x.privilege_type = 'SELECT'
        AND x.grantee IN (SELECT g FROM tenantry_private.application_grantees() AS g);
$$;

COMMENT ON FUNCTION tenantry_private.check_statement_statistics() IS 'find whether the application reads pg_stat_statements';
REVOKE ALL ON FUNCTION tenantry_private.check_statement_statistics() FROM PUBLIC;
