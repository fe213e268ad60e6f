-- One padded block of HMAC (RFC 2104) with SHA-256, SHA-384 or SHA-512: the key, hashed where it is longer than a block and
-- filled up with zeros, each byte XOR the pad.
CREATE OR REPLACE FUNCTION tenantry_private.hmac_block(p_key bytea, p_pad int, p_hash text DEFAULT 'sha256')
RETURNS bytea
LANGUAGE plpgsql
IMMUTABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_size CONSTANT int := CASE p_hash WHEN 'sha256' THEN 64 ELSE 128 END;
    v_block bytea := p_key;
BEGIN
    IF length(p_key) > v_size THEN
        v_block := CASE p_hash WHEN 'sha256' THEN sha256(p_key) WHEN 'sha384' THEN sha384(p_key) ELSE sha512(p_key) END;
    END IF;
    v_block := v_block || decode(repeat('00', v_size - length(v_block)), 'hex');
    FOR v_position IN 0 .. v_size - 1 LOOP
        v_block := set_byte(v_block, v_position, get_byte(v_block, v_position) # p_pad);
    END LOOP;
    RETURN v_block;
END
$$;

COMMENT ON FUNCTION tenantry_private.hmac_block(bytea, int, text) IS 'padded key block of HMAC';
REVOKE ALL ON FUNCTION tenantry_private.hmac_block(bytea, int, text) FROM PUBLIC;
