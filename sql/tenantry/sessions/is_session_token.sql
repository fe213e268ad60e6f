-- Whether seal_session() has made a token in this backend, of which it may be an earlier one.
CREATE OR REPLACE FUNCTION tenantry_private.is_session_token(p_token text, p_fields text[])
RETURNS boolean
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_is_authentic boolean;
BEGIN
    IF p_fields[4] ~ '^s[0-9]+[.][0-9]+[.]-?[0-9]+$' THEN
        -- As in verified_context: digests are compared, and the key stays within the query.
        SELECT
            sha256(convert_to(encode(sha256(k.outer_block || sha256(
                k.inner_block || int4send(pg_backend_pid())
                || convert_to(concat('session ', current_database(), ' ', left(p_token, -64)), 'UTF8')
            )), 'hex'), 'UTF8')) = sha256(convert_to(p_fields[9], 'UTF8'))
        INTO v_is_authentic
        FROM tenantry_private.signing_keys AS k
        WHERE k.signing_key_id = p_fields[2];
    END IF;
    RETURN coalesce(v_is_authentic, false);
END
$$;

COMMENT ON FUNCTION tenantry_private.is_session_token(text, text[]) IS 'whether a token was made for this session';
REVOKE ALL ON FUNCTION tenantry_private.is_session_token(text, text[]) FROM PUBLIC;
