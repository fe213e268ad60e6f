-- One padded block of HMAC with SHA-256 (RFC 2104): the key, filled up with zeros to 64 bytes, each byte XOR the pad.
CREATE OR REPLACE FUNCTION tenantry_private.hmac_block(p_key bytea, p_pad int)
RETURNS bytea
LANGUAGE plpgsql
IMMUTABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_block bytea := CASE WHEN length(p_key) > 64 THEN sha256(p_key) ELSE p_key END;
BEGIN
    v_block := v_block || decode(repeat('00', 64 - length(v_block)), 'hex');
    FOR v_position IN 0 .. 63 LOOP
        v_block := set_byte(v_block, v_position, get_byte(v_block, v_position) # p_pad);
    END LOOP;
    RETURN v_block;
END
$$;

COMMENT ON FUNCTION tenantry_private.hmac_block(bytea, int) IS 'padded key block of HMAC-SHA-256';
REVOKE ALL ON FUNCTION tenantry_private.hmac_block(bytea, int) FROM PUBLIC;
