-- Register a user of a tenant with a role, or change the role of one who is registered. From the commit on, contexts
-- opened for that user have it.
CREATE OR REPLACE FUNCTION tenantry.add_member(p_tenant uuid, p_user text, p_role text)
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM tenantry_private.check_user(p_user);
    PERFORM tenantry_private.require_role(p_role);
    PERFORM tenantry_private.require_known_tenant(p_tenant);

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
