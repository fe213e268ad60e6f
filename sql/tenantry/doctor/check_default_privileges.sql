-- TNT413: default privileges that give the application tables before anybody has protected them. Where the guard enforces, none stays
-- unprotected. TNT707: those that give it large objects, from PostgreSQL 18 on.
CREATE OR REPLACE FUNCTION tenantry_private.check_default_privileges()
RETURNS TABLE (code text, object text, detail text, remedy text)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        CASE d.defaclobjtype WHEN 'L' THEN 'TNT707' ELSE 'TNT413' END,
        format(
            'default privileges of %s%s', d.defaclrole::regrole, CASE
                WHEN d.defaclnamespace <> 0 THEN format(' in schema %s', d.defaclnamespace::regnamespace) END
        ),
        format(
            '%s gets %s on each new %s', tenantry_private.grantee_name(x.grantee),
            string_agg(x.privilege_type, ', ' ORDER BY x.privilege_type),
            CASE d.defaclobjtype WHEN 'L' THEN 'large object' ELSE 'table, protected or not' END
        ),
        format(
            'ALTER DEFAULT PRIVILEGES FOR ROLE %s%s REVOKE ALL ON %s FROM %s;', d.defaclrole::regrole,
            CASE WHEN d.defaclnamespace <> 0 THEN format(' IN SCHEMA %s', d.defaclnamespace::regnamespace) END,
            CASE d.defaclobjtype WHEN 'L' THEN 'LARGE OBJECTS' ELSE 'TABLES' END, tenantry_private.grantee_name(x.grantee)
        )
    FROM pg_default_acl AS d
    CROSS JOIN LATERAL aclexplode(d.defaclacl) AS x
    WHERE d.defaclobjtype IN ('r', 'L') AND x.grantee <> d.defaclrole
        AND x.grantee IN (SELECT g FROM tenantry_private.application_grantees() AS g)
        AND NOT (
            tenantry.guard_mode() = 'enforce'
            AND d.defaclnamespace::regnamespace::text IN (SELECT quote_ident(m.schema_name) FROM tenantry_private.managed_schemas AS m)
        )
    GROUP BY d.defaclrole, d.defaclnamespace, d.defaclobjtype, x.grantee;
$$;

COMMENT ON FUNCTION tenantry_private.check_default_privileges() IS 'find default privileges that give tables away';
REVOKE ALL ON FUNCTION tenantry_private.check_default_privileges() FROM PUBLIC;
