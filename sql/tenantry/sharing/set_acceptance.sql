-- Accept or decline what is shared with the current tenant of a collection; an error where nothing is.
CREATE OR REPLACE FUNCTION tenantry_private.set_acceptance(p_collection uuid, p_accepted_at timestamptz)
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_tenant CONSTANT uuid := tenantry_private.require_publisher();
BEGIN
    UPDATE tenantry_private.shares AS s
    SET accepted_at = p_accepted_at
    WHERE s.grantee_tenant_id = v_tenant AND s.collection_id = p_collection;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'no_data_found',
            MESSAGE = 'no such collection is shared with this tenant',
            HINT = 'tenantry.shares lists what is.';
    END IF;
END
$$;

COMMENT ON FUNCTION tenantry_private.set_acceptance(uuid, timestamptz) IS 'accept or decline a collection shared with the current tenant';
REVOKE ALL ON FUNCTION tenantry_private.set_acceptance(uuid, timestamptz) FROM PUBLIC;
