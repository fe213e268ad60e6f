-- Everything that follows is created by tenantry_owner itself: no object ever belongs to the superuser who
-- installs it, and default privileges of that superuser do not apply. The installer's role comes back in finish.sql.
CREATE SCHEMA tenantry AUTHORIZATION tenantry_owner;
CREATE SCHEMA tenantry_private AUTHORIZATION tenantry_owner;

SELECT pg_catalog.set_config('tenantry.installer_role', pg_catalog.current_setting('role'), true);
SET LOCAL ROLE tenantry_owner;

COMMENT ON SCHEMA tenantry IS 'tenantry: the public interface of tenant isolation';
COMMENT ON SCHEMA tenantry_private IS 'tenantry: state and helpers, for the owner alone';

REVOKE ALL ON SCHEMA tenantry, tenantry_private FROM PUBLIC;
GRANT USAGE ON SCHEMA tenantry TO tenantry_admin, tenantry_app, tenantry_gateway, tenantry_auditor;
