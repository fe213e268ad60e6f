-- What the guard does about objects that are not protected: off (the default), warn or enforce.
CREATE OR REPLACE FUNCTION tenantry.guard_mode()
RETURNS text
LANGUAGE sql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce((SELECT c.value FROM tenantry_private.configuration AS c WHERE c.name = 'guard_mode'), 'off');
$$;

COMMENT ON FUNCTION tenantry.guard_mode() IS 'what the guard does: off, warn or enforce';
REVOKE ALL ON FUNCTION tenantry.guard_mode() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.guard_mode() TO tenantry_admin, tenantry_auditor;
