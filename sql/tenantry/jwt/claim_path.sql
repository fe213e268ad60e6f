-- The path of a claim's name. Dots lead from one level to the next; a name that is a URL stands for itself, because the
-- names of private claims often are (https://example.com/role).
CREATE OR REPLACE FUNCTION tenantry_private.claim_path(p_claim text)
RETURNS text[]
LANGUAGE plpgsql
IMMUTABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_path CONSTANT text[] := CASE WHEN p_claim ~ '://' THEN ARRAY[p_claim] ELSE string_to_array(p_claim, '.') END;
BEGIN
    IF '' = ANY (v_path) OR cardinality(v_path) NOT BETWEEN 1 AND 8 THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'invalid claim name',
            HINT = 'Name a claim, for instance role, or a nested one with dots: app_metadata.role, up to 8 levels.';
    END IF;
    RETURN v_path;
END
$$;

COMMENT ON FUNCTION tenantry_private.claim_path(text) IS 'path of a claim whose name has dots';
REVOKE ALL ON FUNCTION tenantry_private.claim_path(text) FROM PUBLIC;
