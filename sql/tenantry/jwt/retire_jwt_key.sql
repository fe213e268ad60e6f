-- End a key of an issuer: after the overlap it verifies nothing more, and a key set that still has it does not bring it back.
CREATE OR REPLACE FUNCTION tenantry.retire_jwt_key(p_issuer text, p_kid text, p_overlap interval DEFAULT '0')
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_overlap CONSTANT interval := tenantry_private.check_overlap(p_overlap);
BEGIN
    PERFORM tenantry_private.note_withdrawal();
    UPDATE tenantry_private.jwt_keys
    SET retired_at = least(retired_at, clock_timestamp() + v_overlap)
    WHERE issuer = p_issuer AND kid = p_kid;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'no_data_found',
            MESSAGE = 'JWT key does not exist',
            HINT = 'tenantry.jwt_keys lists the keys of each issuer.';
    END IF;
END
$$;

COMMENT ON FUNCTION tenantry.retire_jwt_key(text, text, interval) IS 'end a key of an issuer for good';
REVOKE ALL ON FUNCTION tenantry.retire_jwt_key(text, text, interval) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.retire_jwt_key(text, text, interval) TO tenantry_admin;
