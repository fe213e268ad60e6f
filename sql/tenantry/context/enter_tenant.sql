-- Open a context without a credential: for a trusted back end that has authenticated the user itself, and so for
-- members of tenantry_gateway only.
CREATE OR REPLACE FUNCTION tenantry.enter_tenant(p_tenant uuid, p_user text DEFAULT NULL, p_role text DEFAULT NULL)
RETURNS tenantry.identity
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF p_user = '' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'empty user',
            HINT = 'Pass the user''s id, or leave p_user out for no user.';
    END IF;
    IF NOT EXISTS (SELECT FROM tenantry.tenants AS t WHERE t.tenant_id = p_tenant AND t.status = 'active') THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_authorization_specification',
            MESSAGE = 'tenant does not exist or is suspended',
            HINT = 'Pass the id of an active tenant; tenantry.tenants lists them.';
    END IF;

    RETURN tenantry_private.seal_context(p_tenant, p_user, coalesce(p_role, 'member'), NULL, NULL, NULL);
END
$$;

COMMENT ON FUNCTION tenantry.enter_tenant(uuid, text, text) IS 'open a context for a user whom a trusted back end has authenticated';
REVOKE ALL ON FUNCTION tenantry.enter_tenant(uuid, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.enter_tenant(uuid, text, text) TO tenantry_gateway;
