-- The tenant that the settings name, unverified: the default of protected tenant columns. In policies it stands beside the
-- verified one, never for it.
-- Verifying costs some 20 µs, too much for every row of a bulk load; a policy verifies the written rows once a statement.
-- Inlined, hence BEGIN ATOMIC instead of a search_path. What is no UUID ends in an error of its own: matching it first
-- would cost ten times as much as all the rest.
CREATE OR REPLACE FUNCTION tenantry.claimed_tenant()
RETURNS uuid
LANGUAGE sql
STABLE
PARALLEL SAFE
BEGIN ATOMIC
    SELECT coalesce(
        nullif(pg_catalog.left(pg_catalog.current_setting('tenantry.context', true), 36), ''),
        nullif(pg_catalog.current_setting('app.current_tenant_id', true), '')
    )::uuid;
END;

COMMENT ON FUNCTION tenantry.claimed_tenant()
IS 'unverified tenant of the current context: for column defaults, and beside the verified one';
REVOKE ALL ON FUNCTION tenantry.claimed_tenant() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.claimed_tenant() TO tenantry_admin, tenantry_app, tenantry_gateway, tenantry_auditor;
