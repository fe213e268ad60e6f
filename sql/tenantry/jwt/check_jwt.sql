-- Verify a token: its form, its signature by a key of its issuer, its times and audience, whether it is revoked, and for
-- whom its claims let its issuer vouch. The only place that decides whether a token is good.
CREATE OR REPLACE FUNCTION tenantry_private.check_jwt(p_token text)
RETURNS tenantry_private.checked_jwt
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_now CONSTANT timestamptz := clock_timestamp();
    v_jwt CONSTANT tenantry_private.parsed_jwt := tenantry_private.parse_jwt(p_token);
    v_issuer record;
    v_is_verified boolean;
    v_organization jsonb;
    v_user jsonb;
    v_role jsonb;
    v_registered_role text;
    v_is_revoked boolean;
    v_checked tenantry_private.checked_jwt;
BEGIN
    IF v_jwt.algorithm IS NULL THEN
        v_checked.refusal := 'it is not well-formed';
        RETURN v_checked;
    END IF;

    -- The algorithm is the key's. A token without kid is tried with each key of its issuer that is for its algorithm.
    FOR v_issuer IN
        SELECT i.*, k.public_key, least(k.unpublished_at, k.retired_at) AS key_ends_at
        FROM tenantry_private.jwt_keys AS k
        INNER JOIN tenantry_private.jwt_issuers AS i ON k.issuer = i.issuer
        WHERE k.issuer = v_jwt.issuer
            AND k.algorithm = v_jwt.algorithm
            AND (v_jwt.kid IS NULL OR k.kid = v_jwt.kid)
            AND (least(k.unpublished_at, k.retired_at) > v_now) IS NOT FALSE
            -- Digests of the two MACs are compared, and the key stays within the query, as in verified_context.
            AND (
                k.public_key IS NOT NULL
                OR sha256(v_jwt.signature) = sha256(
                    CASE k.algorithm
                        WHEN 'HS256' THEN sha256(k.outer_block || sha256(k.inner_block || v_jwt.signed))
                        WHEN 'HS384' THEN sha384(k.outer_block || sha384(k.inner_block || v_jwt.signed))
                        WHEN 'HS512' THEN sha512(k.outer_block || sha512(k.inner_block || v_jwt.signed))
                    END
                )
            )
    LOOP
        v_is_verified := v_issuer.public_key IS NULL;
        -- Not within the query, whose plan could show the signature.
        IF NOT v_is_verified THEN
            IF to_regprocedure('tenantry_private.verify_jwt_signature(text, jsonb, bytea, bytea)') IS NOT NULL THEN
                v_is_verified := tenantry_private.verify_jwt_signature(
                    v_jwt.algorithm, v_issuer.public_key, v_jwt.signed, v_jwt.signature
                );
            END IF;
        END IF;
        EXIT WHEN v_is_verified;
    END LOOP;
    IF v_is_verified IS NOT TRUE THEN
        v_checked.refusal := 'no key of its issuer verifies it';
        RETURN v_checked;
    END IF;

    -- No context outlives its token or the key that verified it.
    v_checked.expires_at := least(v_jwt.expires_at + v_issuer.leeway, v_issuer.key_ends_at);
    v_checked.refusal := CASE
        WHEN v_checked.expires_at <= v_now THEN 'it has expired'
        WHEN greatest(v_jwt.not_before, v_jwt.issued_at) > v_now + v_issuer.leeway THEN 'it is not valid yet'
        WHEN NOT v_jwt.claims ? 'aud' AND v_issuer.audience IS NULL THEN NULL
        WHEN jsonb_typeof(v_jwt.claims -> 'aud') NOT IN ('string', 'array') THEN 'it is for another audience'
        WHEN (v_jwt.claims -> 'aud' ?| v_issuer.audience) IS NOT TRUE THEN 'it is for another audience'
    END;
    IF v_checked.refusal IS NULL AND v_issuer.has_nested_claims AND NOT (
        tenantry_private.has_unique_members(v_jwt.payload, v_issuer.tenant_claim)
        AND tenantry_private.has_unique_members(v_jwt.payload, v_issuer.user_claim)
        AND tenantry_private.has_unique_members(v_jwt.payload, v_issuer.role_claim)
    ) THEN
        v_checked.refusal := 'a claim in it is ambiguous';
    END IF;
    IF v_checked.refusal IS NOT NULL THEN
        RETURN v_checked;
    END IF;

    v_organization := v_jwt.claims #> v_issuer.tenant_claim;
    v_role := v_jwt.claims #> v_issuer.role_claim;
    IF v_issuer.user_claim IS NULL THEN
        v_user := coalesce(v_jwt.claims -> 'user_id', v_jwt.claims -> 'sub');
    ELSE
        v_user := v_jwt.claims #> v_issuer.user_claim;
    END IF;
    v_checked.user_id := v_user #>> '{}';

    SELECT
        t.tenant_id,
        EXISTS (SELECT FROM tenantry_private.jwt_revocations AS r WHERE r.issuer = v_jwt.issuer AND r.jti = v_jwt.jti)
        OR EXISTS (
            SELECT FROM tenantry_private.jwt_user_revocations AS r
            WHERE r.issuer = v_jwt.issuer
                AND r.user_id = v_checked.user_id
                AND (v_jwt.issued_at < r.not_before) IS NOT FALSE
        ),
        m.role
    INTO v_checked.tenant_id, v_is_revoked, v_registered_role
    FROM tenantry.tenants AS t
    LEFT JOIN tenantry_private.members AS m ON t.tenant_id = m.tenant_id AND m.user_id = v_checked.user_id
    WHERE t.status = 'active'
        AND t.tenant_id <> '00000000-0000-0000-0000-000000000000'
        AND t.tenant_id = CASE
            WHEN v_organization IS NULL THEN v_issuer.tenant_id
            ELSE coalesce(
                (
                    SELECT o.tenant_id
                    FROM tenantry_private.jwt_organizations AS o
                    WHERE o.issuer = v_jwt.issuer AND o.organization = v_organization #>> '{}'
                ),
                substring(v_organization #>> '{}' FROM '^[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$')::uuid
            )
        END;
    v_checked.role := coalesce(v_registered_role, v_role #>> '{}', v_issuer.default_role);
    v_checked.refusal := CASE
        WHEN jsonb_typeof(v_user) IS DISTINCT FROM 'string' OR length(v_checked.user_id) NOT BETWEEN 1 AND 255
            THEN 'it names no user'
        WHEN v_checked.tenant_id IS NULL OR jsonb_typeof(v_organization) <> 'string' THEN 'its tenant is unknown or suspended'
        WHEN v_checked.tenant_id <> v_issuer.tenant_id THEN 'its issuer may not vouch for its tenant'
        WHEN v_is_revoked THEN 'it is revoked'
        WHEN v_registered_role IS NOT NULL THEN NULL
        WHEN v_issuer.members_only THEN 'its user is not a member of its tenant'
        WHEN jsonb_typeof(v_role) <> 'string' OR v_checked.role IS NULL THEN 'it names no role'
    END;
    IF v_checked.refusal IS NULL AND tenantry_private.default_clearance(v_checked.role) IS NULL
        AND tenantry_private.role_clearance(v_checked.role) IS NULL
    THEN
        v_checked.refusal := 'its role is unknown';
    END IF;
    RETURN v_checked;
END
$$;

COMMENT ON FUNCTION tenantry_private.check_jwt(text) IS 'verify a JSON Web Token, and say why it is refused';
REVOKE ALL ON FUNCTION tenantry_private.check_jwt(text) FROM PUBLIC;
