-- Refuse what is no issuer: a typing error must not end as a revocation of nothing.
CREATE OR REPLACE FUNCTION tenantry_private.require_jwt_issuer(p_issuer text)
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM tenantry_private.jwt_issuers AS i WHERE i.issuer = p_issuer) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'no_data_found',
            MESSAGE = 'JWT issuer does not exist',
            HINT = 'Pass the iss of its tokens to the letter; tenantry.jwt_issuers lists the issuers.';
    END IF;
END
$$;

COMMENT ON FUNCTION tenantry_private.require_jwt_issuer(text) IS 'refuse an issuer that is unknown';
REVOKE ALL ON FUNCTION tenantry_private.require_jwt_issuer(text) FROM PUBLIC;
