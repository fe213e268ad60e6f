-- Give the installer's role back; see schema.sql.
SELECT pg_catalog.set_config('role', pg_catalog.current_setting('tenantry.installer_role'), true);
