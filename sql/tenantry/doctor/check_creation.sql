-- TNT409, TNT410: where the application may create lasting objects. What one tenant's statement leaves there, the others'
-- sessions run: a function or an operator that is found before the one they mean.
CREATE OR REPLACE FUNCTION tenantry_private.check_creation()
RETURNS TABLE (code text, object text, detail text, remedy text)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        'TNT409',
        format('schema %I', n.nspname),
        format('%s may create objects in it', tenantry_private.grantee_name(x.grantee)),
        format('REVOKE CREATE ON SCHEMA %I FROM %s;', n.nspname, tenantry_private.grantee_name(x.grantee))
    FROM pg_namespace AS n
    CROSS JOIN LATERAL aclexplode(n.nspacl) AS x
    WHERE x.privilege_type = 'CREATE' AND n.nspname !~ '^pg_(toast_)?temp_' AND x.grantee <> n.nspowner
        AND x.grantee IN (SELECT g FROM tenantry_private.application_grantees() AS g)
    UNION ALL
    SELECT
        'TNT410',
        'database',
        format('%s may create schemas in it, and install trusted extensions', tenantry_private.grantee_name(x.grantee)),
        format('REVOKE CREATE ON DATABASE %I FROM %s;', d.datname, tenantry_private.grantee_name(x.grantee))
    FROM pg_database AS d
    CROSS JOIN LATERAL aclexplode(d.datacl) AS x
    WHERE d.datname = current_database() AND x.privilege_type = 'CREATE' AND x.grantee <> d.datdba
        AND x.grantee IN (SELECT g FROM tenantry_private.application_grantees() AS g);
$$;

COMMENT ON FUNCTION tenantry_private.check_creation() IS 'find where the application may create objects';
REVOKE ALL ON FUNCTION tenantry_private.check_creation() FROM PUBLIC;
