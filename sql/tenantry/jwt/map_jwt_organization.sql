-- Say which tenant an organization is, for an issuer whose tokens name organizations in their own way (org_2abc…).
CREATE OR REPLACE FUNCTION tenantry.map_jwt_organization(p_issuer text, p_organization text, p_tenant uuid)
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF p_organization IS NULL OR length(p_organization) NOT BETWEEN 1 AND 255 THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'invalid organization',
            HINT = 'Pass the organization as the tokens name it, 1 to 255 characters.';
    END IF;
    PERFORM tenantry_private.require_known_tenant(p_tenant);
    PERFORM tenantry_private.note_withdrawal();
    PERFORM tenantry_private.require_jwt_issuer(p_issuer);
    INSERT INTO tenantry_private.jwt_organizations (issuer, organization, tenant_id)
    VALUES (p_issuer, p_organization, p_tenant)
    ON CONFLICT (issuer, organization) DO UPDATE SET tenant_id = excluded.tenant_id;
END
$$;

COMMENT ON FUNCTION tenantry.map_jwt_organization(text, text, uuid) IS 'say which tenant an organization of an issuer is';
REVOKE ALL ON FUNCTION tenantry.map_jwt_organization(text, text, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.map_jwt_organization(text, text, uuid) TO tenantry_admin;
