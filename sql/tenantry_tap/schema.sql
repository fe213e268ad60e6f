-- A schema of its own, so that tests may put it into their search_path beside pgTAP's. As in the core extension,
-- everything is created by tenantry_owner itself, and the installer's role comes back in finish.sql.
CREATE SCHEMA tenantry_tap AUTHORIZATION tenantry_owner;

SELECT pg_catalog.set_config('tenantry.installer_role', pg_catalog.current_setting('role'), true);
SET LOCAL ROLE tenantry_owner;

COMMENT ON SCHEMA tenantry_tap IS 'tenantry: assertions for pgTAP';

REVOKE ALL ON SCHEMA tenantry_tap FROM PUBLIC;
GRANT USAGE ON SCHEMA tenantry_tap TO tenantry_admin;
