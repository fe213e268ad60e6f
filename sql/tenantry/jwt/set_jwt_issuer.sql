-- Say whose tokens open contexts, and what their claims mean. Called again it replaces what was said before, apart from
-- the keys; but an issuer that vouches for one tenant never comes to vouch for another, let alone for all.
CREATE OR REPLACE FUNCTION tenantry.set_jwt_issuer(
    p_issuer text,
    p_audience text[] DEFAULT NULL,
    p_tenant uuid DEFAULT NULL,
    p_tenant_claim text DEFAULT 'organization_id',
    p_user_claim text DEFAULT NULL,
    p_role_claim text DEFAULT 'role',
    p_default_role text DEFAULT 'member',
    p_leeway interval DEFAULT '30 seconds',
    p_members_only boolean DEFAULT false
)
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_leeway CONSTANT interval := tenantry_private.seconds_between(p_leeway, '0', '5 minutes');
BEGIN
    IF p_issuer IS NULL OR length(p_issuer) NOT BETWEEN 1 AND 255 THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'invalid JWT issuer',
            HINT = 'Pass the iss of its tokens to the letter, 1 to 255 characters.';
    END IF;
    IF cardinality(p_audience) = 0 OR array_position(p_audience, NULL) IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'invalid audience',
            HINT = 'Pass the values of aud that mean this application, or NULL when tokens have none.';
    END IF;
    IF p_tenant_claim IS NULL AND p_tenant IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'an issuer needs a tenant or a tenant claim',
            HINT = 'Pass p_tenant for an issuer that vouches for one tenant, p_tenant_claim for one that vouches for all.';
    END IF;
    IF p_default_role IS NOT NULL THEN
        PERFORM tenantry_private.require_role(p_default_role);
    END IF;
    IF v_leeway IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'the leeway is out of range',
            HINT = 'Pass an interval of zero to five minutes, by which clocks may differ.';
    END IF;
    IF p_tenant IS NOT NULL THEN
        PERFORM tenantry_private.require_known_tenant(p_tenant);
    END IF;

    PERFORM tenantry_private.note_withdrawal();
    INSERT INTO tenantry_private.jwt_issuers AS i (
        issuer, tenant_id, audience, tenant_claim, user_claim, role_claim, default_role, leeway, members_only
    )
    VALUES (
        p_issuer, p_tenant, p_audience,
        tenantry_private.claim_path(p_tenant_claim),
        tenantry_private.claim_path(p_user_claim),
        tenantry_private.claim_path(p_role_claim),
        p_default_role, v_leeway, coalesce(p_members_only, false)
    )
    ON CONFLICT (issuer) DO UPDATE
    SET tenant_id = excluded.tenant_id,
        audience = excluded.audience,
        tenant_claim = excluded.tenant_claim,
        user_claim = excluded.user_claim,
        role_claim = excluded.role_claim,
        default_role = excluded.default_role,
        leeway = excluded.leeway,
        members_only = excluded.members_only
    WHERE i.tenant_id IS NULL OR i.tenant_id = excluded.tenant_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = 'this issuer vouches for one tenant already',
            HINT = 'Pass that tenant as p_tenant; to give it another or none, call remove_jwt_issuer() first.';
    END IF;
END
$$;

COMMENT ON FUNCTION tenantry.set_jwt_issuer(text, text[], uuid, text, text, text, text, interval, boolean)
IS 'say whose JSON Web Tokens open contexts, and what their claims mean';
REVOKE ALL ON FUNCTION tenantry.set_jwt_issuer(text, text[], uuid, text, text, text, text, interval, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.set_jwt_issuer(text, text[], uuid, text, text, text, text, interval, boolean) TO tenantry_admin;
