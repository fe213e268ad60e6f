-- Refuse every token that a user was issued before a time, now unless another is given, and those that do not say when they
-- were issued. A revocation once made is never weakened.
CREATE OR REPLACE FUNCTION tenantry.revoke_jwts_of_user(p_issuer text, p_user text, p_not_before timestamptz DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM tenantry_private.check_user(p_user);
    IF p_not_before > clock_timestamp() OR p_not_before = '-infinity' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'the time lies in the future',
            HINT = 'Leave p_not_before out for now.';
    END IF;
    PERFORM tenantry_private.note_withdrawal();
    PERFORM tenantry_private.require_jwt_issuer(p_issuer);
    INSERT INTO tenantry_private.jwt_user_revocations AS r (issuer, user_id, not_before)
    VALUES (p_issuer, p_user, coalesce(p_not_before, clock_timestamp()))
    ON CONFLICT (issuer, user_id) DO UPDATE SET not_before = greatest(r.not_before, excluded.not_before);
END
$$;

COMMENT ON FUNCTION tenantry.revoke_jwts_of_user(text, text, timestamptz) IS 'refuse the tokens that a user has been issued so far';
REVOKE ALL ON FUNCTION tenantry.revoke_jwts_of_user(text, text, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.revoke_jwts_of_user(text, text, timestamptz) TO tenantry_admin;
