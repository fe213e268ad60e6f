-- As in the core extension, what follows belongs to tenantry_owner, and the installer's role comes back in finish.sql.
SELECT pg_catalog.set_config('tenantry.installer_role', pg_catalog.current_setting('role'), true);
SET LOCAL ROLE tenantry_owner;
