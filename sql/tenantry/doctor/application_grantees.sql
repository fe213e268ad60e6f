-- Whose privileges the application has: PUBLIC, which is 0, its roles and, while it has no login, those that are taken for it.
CREATE OR REPLACE FUNCTION tenantry_private.application_grantees()
RETURNS SETOF oid
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT 0::oid
    UNION ALL
    SELECT a FROM tenantry.application_roles() AS a
    UNION ALL
    SELECT s FROM tenantry_private.supposed_application() AS s;
$$;

COMMENT ON FUNCTION tenantry_private.application_grantees() IS 'PUBLIC and the roles of the application';
REVOKE ALL ON FUNCTION tenantry_private.application_grantees() FROM PUBLIC;
