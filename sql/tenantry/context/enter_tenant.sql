-- Open a context without a credential: for a trusted back end that has authenticated the user itself, and so for
-- members of tenantry_gateway only. A registered member has the registered role, or a lesser one that the back end names:
-- what it names cannot outlive what an admin has taken away.
CREATE OR REPLACE FUNCTION tenantry.enter_tenant(p_tenant uuid, p_user text DEFAULT NULL, p_role text DEFAULT NULL)
RETURNS tenantry.identity
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_registered_role text;
BEGIN
    IF p_user = '' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'empty user',
            HINT = 'Pass the user''s id, or leave p_user out for no user.';
    END IF;

    SELECT m.role INTO v_registered_role
    FROM tenantry.tenants AS t
    LEFT JOIN tenantry_private.members AS m ON t.tenant_id = m.tenant_id AND m.user_id = p_user
    WHERE t.tenant_id = p_tenant AND t.status = 'active';
    IF NOT FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_authorization_specification',
            MESSAGE = 'tenant does not exist or is suspended',
            HINT = 'Pass the id of an active tenant; tenantry.tenants lists them.';
    END IF;
    IF p_role <> v_registered_role THEN
        IF NOT tenantry_private.is_role_within(p_role, v_registered_role) THEN
            RAISE EXCEPTION USING
                ERRCODE = 'invalid_authorization_specification',
                MESSAGE = 'the user is registered with a lesser role',
                HINT = 'Leave p_role out for the registered role, or change it with tenantry.add_member().';
        END IF;
    END IF;

    RETURN tenantry_private.seal_context(p_tenant, p_user, coalesce(p_role, v_registered_role, 'member'), NULL, NULL, NULL);
END
$$;

COMMENT ON FUNCTION tenantry.enter_tenant(uuid, text, text) IS 'open a context for a user whom a trusted back end has authenticated';
REVOKE ALL ON FUNCTION tenantry.enter_tenant(uuid, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.enter_tenant(uuid, text, text) TO tenantry_gateway;
