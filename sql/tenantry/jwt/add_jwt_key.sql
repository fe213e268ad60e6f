-- Add a key to an issuer, or put it in the place of the one with its kid, and return its kid. One without kid keeps the name
-- that it was given the first time. The same key again is published again, and otherwise as it was: what is retired stays so,
-- also under another kid or for another algorithm. Callers have checked the arguments.
CREATE OR REPLACE FUNCTION tenantry_private.add_jwt_key(
    p_issuer text, p_kid text, p_algorithm text, p_public_key jsonb, p_inner_block bytea, p_outer_block bytea
)
RETURNS text
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_kid text := p_kid;
    v_old tenantry_private.jwt_keys;
    v_retired_at timestamptz;
BEGIN
    IF v_kid IS NULL THEN
        SELECT k.kid INTO v_kid
        FROM tenantry_private.jwt_keys AS k
        WHERE k.issuer = p_issuer
            AND k.algorithm = p_algorithm
            AND (k.public_key = p_public_key OR sha256(k.inner_block) = sha256(p_inner_block))
        LIMIT 1;
        v_kid := coalesce(v_kid, gen_random_uuid()::text);
    END IF;

    SELECT k.* INTO v_old FROM tenantry_private.jwt_keys AS k WHERE k.issuer = p_issuer AND k.kid = v_kid;
    IF (v_old.algorithm, v_old.public_key, v_old.inner_block) IS NOT DISTINCT FROM (p_algorithm, p_public_key, p_inner_block) THEN
        UPDATE tenantry_private.jwt_keys
        SET unpublished_at = NULL
        WHERE issuer = p_issuer AND kid = v_kid AND unpublished_at IS NOT NULL;
        RETURN v_kid;
    END IF;

    SELECT min(k.retired_at) INTO v_retired_at
    FROM tenantry_private.jwt_keys AS k
    WHERE k.issuer = p_issuer AND (k.public_key = p_public_key OR sha256(k.inner_block) = sha256(p_inner_block));
    -- Only what takes a key away makes transactions begin anew: a job may add the same set every minute.
    IF v_old.kid IS NOT NULL THEN
        PERFORM tenantry_private.note_withdrawal();
        DELETE FROM tenantry_private.jwt_keys WHERE issuer = p_issuer AND kid = v_kid;
    END IF;
    INSERT INTO tenantry_private.jwt_keys (issuer, kid, algorithm, public_key, inner_block, outer_block, retired_at)
    VALUES (p_issuer, v_kid, p_algorithm, p_public_key, p_inner_block, p_outer_block, v_retired_at);
    RETURN v_kid;
END
$$;

COMMENT ON FUNCTION tenantry_private.add_jwt_key(text, text, text, jsonb, bytea, bytea) IS 'add or replace a key of an issuer';
REVOKE ALL ON FUNCTION tenantry_private.add_jwt_key(text, text, text, jsonb, bytea, bytea) FROM PUBLIC;
