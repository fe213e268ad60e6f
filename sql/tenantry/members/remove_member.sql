-- Take a user off a tenant's register.
CREATE OR REPLACE FUNCTION tenantry.remove_member(p_tenant uuid, p_user text)
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM tenantry_private.note_withdrawal();
    DELETE FROM tenantry_private.members AS m WHERE m.tenant_id = p_tenant AND m.user_id = p_user;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'no_data_found',
            MESSAGE = 'member does not exist',
            HINT = 'tenantry.members lists the registered users of each tenant.';
    END IF;
END
$$;

COMMENT ON FUNCTION tenantry.remove_member(uuid, text) IS 'take a user off the register of a tenant';
REVOKE ALL ON FUNCTION tenantry.remove_member(uuid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.remove_member(uuid, text) TO tenantry_admin;
