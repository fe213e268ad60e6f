-- The tenant of the current context, if that may share with others; an error otherwise. What the settings of mode "setting"
-- claim does not suffice: a share outlives the transaction, and anyone could forge it.
CREATE OR REPLACE FUNCTION tenantry_private.require_publisher()
RETURNS uuid
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_fields CONSTANT text[] := tenantry_private.verified_context();
BEGIN
    IF v_fields[9] IS NULL OR NOT tenantry_private.may_publish(v_fields[5]) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'insufficient_privilege',
            MESSAGE = 'this context may not share data with other tenants',
            HINT = 'Authenticate first, with a credential whose role has the highest clearance, for instance owner.';
    END IF;
    RETURN v_fields[1]::uuid;
END
$$;

COMMENT ON FUNCTION tenantry_private.require_publisher() IS 'tenant of the current context if it may share, an error otherwise';
REVOKE ALL ON FUNCTION tenantry_private.require_publisher() FROM PUBLIC;
