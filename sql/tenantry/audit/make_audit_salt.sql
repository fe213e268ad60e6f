-- Trigger: every tenant gets a salt. A restored dump brings the tenants first and their salts later, and the salts of the
-- dump are the right ones.
CREATE OR REPLACE FUNCTION tenantry_private.make_audit_salt()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF TG_RELID = 'tenantry.tenants'::regclass THEN
        INSERT INTO tenantry_private.audit_salts (tenant_id) VALUES (new.tenant_id);
    ELSE
        DELETE FROM tenantry_private.audit_salts AS s WHERE s.tenant_id = new.tenant_id;
    END IF;
    RETURN new;
END
$$;

COMMENT ON FUNCTION tenantry_private.make_audit_salt() IS 'trigger: give each tenant a salt, and let a restored one replace it';
REVOKE ALL ON FUNCTION tenantry_private.make_audit_salt() FROM PUBLIC;
