-- Revoke one token, by its jti. With the token's expiry the note of it can be dropped once it is of no use.
CREATE OR REPLACE FUNCTION tenantry.revoke_jwt(p_issuer text, p_jti text, p_expires_at timestamptz DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF p_jti IS NULL OR length(p_jti) NOT BETWEEN 1 AND 255 THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'invalid jti',
            HINT = 'Pass the jti of the token, 1 to 255 characters.';
    END IF;
    PERFORM tenantry_private.note_withdrawal();
    PERFORM tenantry_private.require_jwt_issuer(p_issuer);
    -- A leeway is five minutes at most.
    DELETE FROM tenantry_private.jwt_revocations WHERE expires_at < clock_timestamp() - interval '1 day';
    INSERT INTO tenantry_private.jwt_revocations AS r (issuer, jti, expires_at)
    VALUES (p_issuer, p_jti, p_expires_at)
    ON CONFLICT (issuer, jti) DO UPDATE
    SET expires_at = CASE WHEN excluded.expires_at IS NOT NULL THEN greatest(r.expires_at, excluded.expires_at) END
    WHERE r.expires_at IS NOT NULL;
END
$$;

COMMENT ON FUNCTION tenantry.revoke_jwt(text, text, timestamptz) IS 'revoke one JSON Web Token by its jti';
REVOKE ALL ON FUNCTION tenantry.revoke_jwt(text, text, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.revoke_jwt(text, text, timestamptz) TO tenantry_admin;
