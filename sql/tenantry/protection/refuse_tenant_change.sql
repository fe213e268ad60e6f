-- Trigger: a row stays with its tenant, whoever updates it. Policies keep the application from moving rows; this keeps
-- roles that policies do not bind from doing so by mistake.
CREATE OR REPLACE FUNCTION tenantry.refuse_tenant_change()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RAISE EXCEPTION USING
        ERRCODE = 'insufficient_privilege',
        MESSAGE = format('the tenant of a row in "%s" cannot change', TG_TABLE_NAME),
        HINT = 'Insert the row for the other tenant and delete this one.';
END
$$;

COMMENT ON FUNCTION tenantry.refuse_tenant_change() IS 'trigger of protected tables: the tenant of a row cannot change';
REVOKE ALL ON FUNCTION tenantry.refuse_tenant_change() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.refuse_tenant_change() TO tenantry_admin;
