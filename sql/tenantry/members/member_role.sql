-- The role that a user is registered with in a tenant; NULL for who is not registered.
CREATE OR REPLACE FUNCTION tenantry_private.member_role(p_tenant uuid, p_user text)
RETURNS text
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (SELECT m.role FROM tenantry_private.members AS m WHERE m.tenant_id = p_tenant AND m.user_id = p_user);
END
$$;

COMMENT ON FUNCTION tenantry_private.member_role(uuid, text) IS 'role of a registered member, NULL for anybody else';
REVOKE ALL ON FUNCTION tenantry_private.member_role(uuid, text) FROM PUBLIC;
