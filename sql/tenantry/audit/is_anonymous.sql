-- Whether an application has changed a row of a tenant in a context that is not, or no longer, that tenant's or its
-- publisher's: policies have seen another one when the row was written. Who is not under policies needs no context.
CREATE OR REPLACE FUNCTION tenantry_private.is_anonymous(p_tenant uuid, p_context_tenant uuid)
RETURNS boolean
LANGUAGE sql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT NOT r.rolsuper AND NOT r.rolbypassrls
        AND (pg_has_role(r.oid, 'tenantry_app', 'MEMBER') OR pg_has_role(r.oid, 'tenantry_gateway', 'MEMBER'))
        AND NOT EXISTS (SELECT FROM tenantry.tenants AS t WHERE t.tenant_id = p_tenant AND t.owner_tenant_id = p_context_tenant)
    FROM pg_roles AS r
    WHERE r.rolname = session_user;
$$;

COMMENT ON FUNCTION tenantry_private.is_anonymous(uuid, uuid) IS 'whether an application hides who changes a row';
REVOKE ALL ON FUNCTION tenantry_private.is_anonymous(uuid, uuid) FROM PUBLIC;
