-- Refuse what cannot be the id of a user.
CREATE OR REPLACE FUNCTION tenantry_private.check_user(p_user text)
RETURNS void
LANGUAGE plpgsql
IMMUTABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF p_user IS NULL OR length(p_user) NOT BETWEEN 1 AND 255 THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'invalid user',
            HINT = 'Pass the id that your application has for the user, 1 to 255 characters.';
    END IF;
END
$$;

COMMENT ON FUNCTION tenantry_private.check_user(text) IS 'refuse an invalid id of a user';
REVOKE ALL ON FUNCTION tenantry_private.check_user(text) FROM PUBLIC;
