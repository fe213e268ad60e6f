-- Whether this session can be anybody who may know of a tenant: it acts for the tenant, or its login is an admin or an
-- auditor. The second barrier of functions that a view calls; the first is the policy of tenantry.tenants, which knows
-- the role that reads the view and not only the login.
CREATE OR REPLACE FUNCTION tenantry_private.may_see_tenant(p_tenant uuid)
RETURNS boolean
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN pg_has_role(session_user, 'tenantry_admin', 'MEMBER')
        OR pg_has_role(session_user, 'tenantry_auditor', 'MEMBER')
        OR coalesce(p_tenant = (tenantry_private.verified_context())[1]::uuid, false);
END
$$;

COMMENT ON FUNCTION tenantry_private.may_see_tenant(uuid) IS 'whether this session can be anybody who may know of a tenant';
REVOKE ALL ON FUNCTION tenantry_private.may_see_tenant(uuid) FROM PUBLIC;
