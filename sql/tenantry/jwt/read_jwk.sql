-- What a JSON Web Key (RFC 7517) says: its kid, its one algorithm, and the public members or the secret. Without algorithm,
-- and with a notice, for keys that do not verify tokens or are of a kind that is not supported; an error for broken ones.
CREATE OR REPLACE FUNCTION tenantry_private.read_jwk(
    p_jwk jsonb, OUT kid text, OUT algorithm text, OUT public_key jsonb, OUT secret bytea
)
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    -- Queries see this alone: a plan could show what else is in the key.
    v_kind jsonb := jsonb_build_object('kty', p_jwk -> 'kty', 'crv', p_jwk -> 'crv');
    v_members text[];
    v_algorithms text[];
    v_modulus bytea;
    v_is_sound boolean;
BEGIN
    -- Which members a kind of key consists of, and which algorithms it is for, the first one unless it says another.
    SELECT k.kind, k.members, k.algorithms INTO v_kind, v_members, v_algorithms
    FROM (
        VALUES
        ('{"kty": "oct"}'::jsonb, ARRAY['k'], ARRAY['HS256', 'HS384', 'HS512']),
        ('{"kty": "RSA"}', ARRAY['n', 'e'], ARRAY['RS256', 'RS384', 'RS512', 'PS256']),
        ('{"kty": "EC", "crv": "P-256"}', ARRAY['x', 'y'], ARRAY['ES256']),
        ('{"kty": "EC", "crv": "P-384"}', ARRAY['x', 'y'], ARRAY['ES384']),
        ('{"kty": "OKP", "crv": "Ed25519"}', ARRAY['x'], ARRAY['EdDSA'])
    ) AS k (kind, members, algorithms)
    WHERE v_kind @> k.kind;

    algorithm := coalesce(p_jwk ->> 'alg', v_algorithms[1]);
    IF v_algorithms IS NULL
        OR algorithm <> ALL (v_algorithms)
        OR p_jwk ->> 'use' <> 'sig'
        OR NOT p_jwk -> 'key_ops' ? 'verify'
    THEN
        RAISE NOTICE USING
            MESSAGE = format('key "%s" of the set is left out', p_jwk ->> 'kid'),
            HINT = 'It is not for signatures, or of a kind or algorithm that is not supported.';
        algorithm := NULL;
        RETURN;
    END IF;

    kid := p_jwk ->> 'kid';
    v_is_sound := coalesce(jsonb_typeof(p_jwk -> 'kid') = 'string' AND length(kid) BETWEEN 1 AND 255, kid IS NULL) AND (
        SELECT bool_and(coalesce(p_jwk ->> m.name, '') ~ '^([A-Za-z0-9_-]{4})*([A-Za-z0-9_-]{2,3}|[A-Za-z0-9_-]{4})$')
        FROM unnest(v_members) AS m (name)
    );
    IF v_is_sound AND p_jwk ->> 'kty' = 'oct' THEN
        secret := tenantry_private.decode_base64url(p_jwk ->> 'k');
    ELSIF v_is_sound THEN
        IF to_regprocedure('tenantry_private.verify_jwt_signature(text, jsonb, bytea, bytea)') IS NULL THEN
            RAISE EXCEPTION USING
                ERRCODE = 'feature_not_supported',
                MESSAGE = 'public keys need the extension tenantry_jwt',
                HINT = 'CREATE EXTENSION tenantry_jwt CASCADE; without it, only secrets verify tokens.';
        END IF;
        IF p_jwk ->> 'kty' = 'RSA' THEN
            v_modulus := ltrim(tenantry_private.decode_base64url(p_jwk ->> 'n'), decode('00', 'hex'));
            IF length(v_modulus) NOT BETWEEN 256 AND 1024 OR length(v_modulus) = 256 AND get_byte(v_modulus, 0) < 128 THEN
                RAISE EXCEPTION USING
                    ERRCODE = 'invalid_parameter_value',
                    MESSAGE = 'an RSA key must have 2048 to 8192 bits',
                    HINT = 'Ask the issuer for a longer key: shorter ones can be broken (RFC 7518, section 3.3).';
            END IF;
        END IF;
        public_key := v_kind || (SELECT jsonb_object_agg(m.name, p_jwk -> m.name) FROM unnest(v_members) AS m (name));
        -- Nothing verifies here; but a key that cannot be read gives NULL.
        v_is_sound := tenantry_private.verify_jwt_signature(algorithm, public_key, '', '') IS NOT NULL;
    END IF;
    IF NOT v_is_sound THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('key "%s" of the set is malformed', kid),
            HINT = 'Pass the document as the issuer publishes it.';
    END IF;
    IF p_jwk ? 'd' THEN
        RAISE WARNING USING
            MESSAGE = format('key "%s" of the set is a private key', kid),
            HINT = 'Only its public part is kept; but whoever has seen this document can sign tokens. Have the issuer replace it.';
    END IF;
END
$$;

COMMENT ON FUNCTION tenantry_private.read_jwk(jsonb) IS 'kid, algorithm and public members of a JSON Web Key';
REVOKE ALL ON FUNCTION tenantry_private.read_jwk(jsonb) FROM PUBLIC;
