-- Let an organization be no tenant any more: its tokens are refused from the commit on.
CREATE OR REPLACE FUNCTION tenantry.unmap_jwt_organization(p_issuer text, p_organization text)
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM tenantry_private.note_withdrawal();
    DELETE FROM tenantry_private.jwt_organizations WHERE issuer = p_issuer AND organization = p_organization;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'no_data_found',
            MESSAGE = 'organization is not mapped',
            HINT = 'tenantry.jwt_organizations lists the organizations of each issuer.';
    END IF;
END
$$;

COMMENT ON FUNCTION tenantry.unmap_jwt_organization(text, text) IS 'let an organization of an issuer be no tenant any more';
REVOKE ALL ON FUNCTION tenantry.unmap_jwt_organization(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.unmap_jwt_organization(text, text) TO tenantry_admin;
