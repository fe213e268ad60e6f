-- What stands for a member in the trail: a digest that the tenant's salt makes unguessable, and that leads back to the
-- member as long as the tenant lives. NULL where the tenant is gone. The salt stays within the query, because a
-- variable of PL/pgSQL can become a constant of a plan, which any session may have printed.
CREATE OR REPLACE FUNCTION tenantry_private.audit_member_digest(p_tenant uuid, p_member text)
RETURNS bytea
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_digest bytea;
    v_is_known boolean;
BEGIN
    SELECT d.digest, m.member_digest IS NOT NULL INTO v_digest, v_is_known
    FROM tenantry_private.audit_salts AS s
    CROSS JOIN LATERAL (SELECT sha256(s.salt || convert_to(p_member, 'UTF8')) AS digest) AS d
    LEFT JOIN tenantry.audit_members AS m ON s.tenant_id = m.tenant_id AND d.digest = m.member_digest
    WHERE s.tenant_id = p_tenant;
    IF NOT v_is_known THEN
        INSERT INTO tenantry.audit_members (tenant_id, member_digest, member)
        VALUES (p_tenant, v_digest, p_member)
        ON CONFLICT DO NOTHING;
    END IF;
    RETURN v_digest;
END
$$;

COMMENT ON FUNCTION tenantry_private.audit_member_digest(uuid, text) IS 'digest that stands for a member in the audit log';
REVOKE ALL ON FUNCTION tenantry_private.audit_member_digest(uuid, text) FROM PUBLIC;
