-- Believe an issuer no longer: its keys and organizations go. What was revoked stays revoked, should it be added again.
CREATE OR REPLACE FUNCTION tenantry.remove_jwt_issuer(p_issuer text)
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM tenantry_private.note_withdrawal();
    PERFORM tenantry_private.require_jwt_issuer(p_issuer);
    DELETE FROM tenantry_private.jwt_issuers WHERE issuer = p_issuer;
END
$$;

COMMENT ON FUNCTION tenantry.remove_jwt_issuer(text) IS 'forget an issuer, its keys and its organizations';
REVOKE ALL ON FUNCTION tenantry.remove_jwt_issuer(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.remove_jwt_issuer(text) TO tenantry_admin;
