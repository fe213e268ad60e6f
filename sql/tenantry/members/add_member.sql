-- Register a user of a tenant with a role, or change the role of one who is registered. From the commit on, contexts
-- opened for that user have it.
CREATE OR REPLACE FUNCTION tenantry.add_member(p_tenant uuid, p_user text, p_role text)
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF p_user IS NULL OR length(p_user) NOT BETWEEN 1 AND 255 THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'invalid user',
            HINT = 'Pass the id that your application has for the user, 1 to 255 characters.';
    END IF;
    IF tenantry_private.role_clearance(p_role) IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'unknown role',
            HINT = 'Use viewer, member, manager, owner or a role that set_role_clearance() has made.';
    END IF;
    IF NOT EXISTS (SELECT FROM tenantry.tenants AS t WHERE t.tenant_id = p_tenant AND t.status <> 'container') THEN
        RAISE EXCEPTION USING
            ERRCODE = 'no_data_found',
            MESSAGE = 'tenant does not exist',
            HINT = 'tenantry.tenants lists the tenants of this database.';
    END IF;

    -- Also the first registration may take rights away: of a user who entered with a higher role until now.
    PERFORM tenantry_private.note_withdrawal();
    INSERT INTO tenantry_private.members AS m (tenant_id, user_id, role)
    VALUES (p_tenant, p_user, p_role)
    ON CONFLICT (tenant_id, user_id) DO UPDATE SET role = excluded.role WHERE m.role <> excluded.role;
END
$$;

COMMENT ON FUNCTION tenantry.add_member(uuid, text, text) IS 'register a user of a tenant with a role, or change the role';
REVOKE ALL ON FUNCTION tenantry.add_member(uuid, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.add_member(uuid, text, text) TO tenantry_admin;
