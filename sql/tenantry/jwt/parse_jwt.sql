-- Read a token (RFC 7519, in the compact form of RFC 7515), strictly: where two readers of a token differ, one can be shown
-- what the other is not. NULL for everything that is not well-formed, however it is malformed; touches no table.
CREATE OR REPLACE FUNCTION tenantry_private.parse_jwt(p_token text)
RETURNS tenantry_private.parsed_jwt
LANGUAGE plpgsql
IMMUTABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_parts text[];
    v_header_bytes bytea;
    v_payload_bytes bytea;
    v_header_json json;
    v_header jsonb;
    v_jwt tenantry_private.parsed_jwt;
BEGIN
    -- The length comes first: it bounds the work of all that follows.
    IF octet_length(p_token) > 16384 THEN
        RETURN NULL;
    END IF;

    v_parts := string_to_array(p_token, '.');
    v_header_bytes := tenantry_private.decode_base64url(v_parts[1]);
    v_payload_bytes := tenantry_private.decode_base64url(v_parts[2]);
    v_jwt.signature := tenantry_private.decode_base64url(v_parts[3]);
    -- One text for three parts: no fourth part, no padding, no white space, no other alphabet, no stray bits at an end.
    IF p_token IS DISTINCT FROM replace(replace(replace(replace(
        concat(encode(v_header_bytes, 'base64'), '.', encode(v_payload_bytes, 'base64'), '.', encode(v_jwt.signature, 'base64')),
        E'\n', ''), '=', ''), '+', '-'), '/', '_')
    THEN
        RETURN NULL;
    END IF;
    v_jwt.signed := convert_to(concat(v_parts[1], '.', v_parts[2]), 'UTF8');
    v_header_json := convert_from(v_header_bytes, 'UTF8')::json;
    v_header := v_header_json::jsonb;
    v_jwt.payload := convert_from(v_payload_bytes, 'UTF8')::json;
    v_jwt.claims := v_jwt.payload::jsonb;

    -- What brings or names a key in the header (jwk, jku, x5c, x5u) is not looked at; crit asks for something unknown here.
    -- The last second is that of the year 9999. A member that occurs twice is there twice in json alone.
    SELECT
        v_header ->> 'alg', v_header ->> 'kid', v_jwt.claims ->> 'iss', v_jwt.claims ->> 'jti',
        to_timestamp((v_jwt.claims ->> 'exp')::float8),
        to_timestamp((v_jwt.claims ->> 'nbf')::float8),
        to_timestamp((v_jwt.claims ->> 'iat')::float8)
    INTO v_jwt.algorithm, v_jwt.kid, v_jwt.issuer, v_jwt.jti, v_jwt.expires_at, v_jwt.not_before, v_jwt.issued_at
    WHERE v_header @@ '
            $.alg.type() == "string"
            && (!exists($.kid) || $.kid.type() == "string")
            && !exists($.crit)'
        AND v_jwt.claims @@ '
            $.iss.type() == "string"
            && (!exists($.jti) || $.jti.type() == "string")
            && $.exp.type() == "number" && $.exp >= 0 && $.exp <= 253402300799
            && (!exists($.nbf) || $.nbf.type() == "number" && $.nbf >= 0 && $.nbf <= 253402300799)
            && (!exists($.iat) || $.iat.type() == "number" && $.iat >= 0 && $.iat <= 253402300799)'
        AND (SELECT count(*) = count(DISTINCT k.name) FROM json_object_keys(v_header_json) AS k (name))
        AND (SELECT count(*) = count(DISTINCT k.name) FROM json_object_keys(v_jwt.payload) AS k (name));
    RETURN v_jwt;
EXCEPTION
    WHEN OTHERS THEN
        RETURN NULL;
END
$$;

COMMENT ON FUNCTION tenantry_private.parse_jwt(text) IS 'read a JSON Web Token without verifying it';
REVOKE ALL ON FUNCTION tenantry_private.parse_jwt(text) FROM PUBLIC;
