-- Bytes of unpadded base64url text (RFC 7515, section 2). White space and the alphabet of plain base64 pass as well: encode
-- again and compare where they must not.
-- Inlined, hence BEGIN ATOMIC instead of a search_path. translate() would take ten times as long.
CREATE OR REPLACE FUNCTION tenantry_private.decode_base64url(p_text text)
RETURNS bytea
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
BEGIN ATOMIC
    SELECT decode(rpad(replace(replace(p_text, '-', '+'), '_', '/'), length(p_text) + 3 & -4, '='), 'base64');
END;

COMMENT ON FUNCTION tenantry_private.decode_base64url(text) IS 'bytes of unpadded base64url text';
REVOKE ALL ON FUNCTION tenantry_private.decode_base64url(text) FROM PUBLIC;
