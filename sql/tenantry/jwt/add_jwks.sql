-- Add the keys of a JSON Web Key Set as an issuer publishes it (RFC 7517), and return how many of them verify tokens. With
-- an overlap, keys that the issuer published before and does not publish any more end after it.
CREATE OR REPLACE FUNCTION tenantry.add_jwks(p_issuer text, p_jwks jsonb, p_overlap interval DEFAULT NULL)
RETURNS int
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_end CONSTANT timestamptz := CASE
        WHEN p_overlap IS NOT NULL THEN clock_timestamp() + tenantry_private.check_overlap(p_overlap)
    END;
    v_jwk record;
    v_kids text[] := ARRAY[]::text[];
BEGIN
    IF jsonb_typeof(p_jwks -> 'keys') IS DISTINCT FROM 'array' OR jsonb_array_length(p_jwks -> 'keys') > 100 THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'this is not a JSON Web Key Set',
            HINT = 'Pass the document as the issuer publishes it: {"keys": [...]}, with up to 100 keys.';
    END IF;

    IF NOT EXISTS (SELECT FROM tenantry_private.jwt_issuers AS i WHERE i.issuer = p_issuer) THEN
        PERFORM tenantry.set_jwt_issuer(p_issuer);
    END IF;
    FOR v_jwk IN
        SELECT r.* FROM jsonb_array_elements(p_jwks -> 'keys') AS e (jwk), tenantry_private.read_jwk(e.jwk) AS r
    LOOP
        CONTINUE WHEN v_jwk.algorithm IS NULL;
        IF v_jwk.secret IS NOT NULL THEN
            v_kids := v_kids || tenantry.add_jwt_secret(p_issuer, v_jwk.secret, v_jwk.algorithm, v_jwk.kid);
        ELSE
            v_kids := v_kids || tenantry_private.add_jwt_key(p_issuer, v_jwk.kid, v_jwk.algorithm, v_jwk.public_key, NULL, NULL);
        END IF;
        IF v_kids[cardinality(v_kids)] = ANY (v_kids[: cardinality(v_kids) - 1]) THEN
            RAISE EXCEPTION USING
                ERRCODE = 'invalid_parameter_value',
                MESSAGE = 'two keys of the set have the same kid',
                HINT = 'Ask the issuer: nobody can tell which of them verifies a token.';
        END IF;
    END LOOP;
    IF cardinality(v_kids) = 0 THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'no key of the set verifies tokens',
            HINT = 'Its keys are for encryption, or of kinds that are not supported: see the notices.';
    END IF;

    IF EXISTS (
        SELECT FROM tenantry_private.jwt_keys AS k
        WHERE k.issuer = p_issuer
            AND k.public_key IS NOT NULL
            AND k.kid <> ALL (v_kids)
            AND (k.unpublished_at <= v_end) IS NOT TRUE
            AND v_end IS NOT NULL
    ) THEN
        PERFORM tenantry_private.note_withdrawal();
        UPDATE tenantry_private.jwt_keys
        SET unpublished_at = least(unpublished_at, v_end)
        WHERE issuer = p_issuer AND public_key IS NOT NULL AND kid <> ALL (v_kids);
    END IF;
    RETURN cardinality(v_kids);
END
$$;

COMMENT ON FUNCTION tenantry.add_jwks(text, jsonb, interval) IS 'add the keys of a JSON Web Key Set to an issuer';
REVOKE ALL ON FUNCTION tenantry.add_jwks(text, jsonb, interval) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.add_jwks(text, jsonb, interval) TO tenantry_admin;
