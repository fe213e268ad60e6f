-- Add a secret that an issuer signs with, and return its kid. Kept are the padded blocks of HMAC, which sign as well as
-- the secret does, and which nobody but the owner reads.
CREATE OR REPLACE FUNCTION tenantry.add_jwt_secret(
    p_issuer text, p_secret bytea, p_algorithm text DEFAULT 'HS256', p_kid text DEFAULT NULL
)
RETURNS text
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_hash CONSTANT text := CASE WHEN p_algorithm IN ('HS256', 'HS384', 'HS512') THEN 'sha' || right(p_algorithm, 3) END;
BEGIN
    IF v_hash IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'unknown JWT algorithm',
            HINT = 'Use HS256, HS384 or HS512 for a secret; public keys are added by add_jwks().';
    END IF;
    IF p_secret IS NULL OR length(p_secret) < right(p_algorithm, 3)::int / 8 THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'the secret is too short',
            HINT = 'Use as many random bytes as the hash has: 32 for HS256, 48 for HS384, 64 for HS512.';
    END IF;
    IF length(p_kid) NOT BETWEEN 1 AND 255 THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'invalid kid',
            HINT = 'Pass the kid of the tokens, 1 to 255 characters, or NULL when they have none.';
    END IF;

    IF NOT EXISTS (SELECT FROM tenantry_private.jwt_issuers AS i WHERE i.issuer = p_issuer) THEN
        PERFORM tenantry.set_jwt_issuer(p_issuer);
    END IF;
    RETURN tenantry_private.add_jwt_key(
        p_issuer, p_kid, p_algorithm, NULL,
        tenantry_private.hmac_block(p_secret, 54, v_hash), tenantry_private.hmac_block(p_secret, 92, v_hash)
    );
END
$$;

COMMENT ON FUNCTION tenantry.add_jwt_secret(text, bytea, text, text) IS 'add a secret that an issuer signs its tokens with';
REVOKE ALL ON FUNCTION tenantry.add_jwt_secret(text, bytea, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.add_jwt_secret(text, bytea, text, text) TO tenantry_admin;
