-- The tenant of the current context, if it may accept and decline and something of a collection is shared with it; an error
-- otherwise.
CREATE OR REPLACE FUNCTION tenantry_private.require_share(p_collection uuid)
RETURNS uuid
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_tenant CONSTANT uuid := tenantry_private.require_publisher();
BEGIN
    IF NOT EXISTS (
        SELECT FROM tenantry_private.shares AS s WHERE s.grantee_tenant_id = v_tenant AND s.collection_id = p_collection
    ) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'no_data_found',
            MESSAGE = 'no such collection is shared with this tenant',
            HINT = 'tenantry.shares lists what is.';
    END IF;
    RETURN v_tenant;
END
$$;

COMMENT ON FUNCTION tenantry_private.require_share(uuid) IS 'tenant of the current context if a collection is shared with it';
REVOKE ALL ON FUNCTION tenantry_private.require_share(uuid) FROM PUBLIC;
