-- What the application may do with each relation and column, by whichever of its roles or through PUBLIC. attnum is 0 for
-- a privilege on the whole relation.
CREATE OR REPLACE FUNCTION tenantry_private.application_privileges()
RETURNS TABLE (relation regclass, attnum smallint, privilege text, grantee oid)
LANGUAGE sql
STABLE
ROWS 5000
SET search_path = pg_catalog, pg_temp
AS $$
    WITH granted AS (
        SELECT c.oid AS relation, 0::smallint AS attnum, x.privilege_type, x.grantee
        FROM pg_class AS c
        CROSS JOIN LATERAL aclexplode(c.relacl) AS x
        WHERE c.relacl IS NOT NULL
        UNION ALL
        SELECT a.attrelid, a.attnum, x.privilege_type, x.grantee
        FROM pg_attribute AS a
        CROSS JOIN LATERAL aclexplode(a.attacl) AS x
        WHERE a.attacl IS NOT NULL AND NOT a.attisdropped
    )

    SELECT g.relation, g.attnum, g.privilege_type, g.grantee
    FROM granted AS g
    WHERE g.grantee IN (SELECT a FROM tenantry_private.application_grantees() AS a);
$$;

COMMENT ON FUNCTION tenantry_private.application_privileges() IS 'privileges of the application on relations and columns';
REVOKE ALL ON FUNCTION tenantry_private.application_privileges() FROM PUBLIC;
