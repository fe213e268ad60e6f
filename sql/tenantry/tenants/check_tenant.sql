-- Refuse a slug or a name that is none; NULL is left alone.
CREATE OR REPLACE FUNCTION tenantry_private.check_tenant(p_slug text, p_name text)
RETURNS void
LANGUAGE plpgsql
IMMUTABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF p_slug !~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'invalid tenant slug',
            HINT = 'Use 1 to 63 lower-case letters, digits and inner hyphens.';
    END IF;
    IF btrim(p_name) = '' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'a tenant needs a name',
            HINT = 'Pass the customer''s name as p_name.';
    END IF;
END
$$;

COMMENT ON FUNCTION tenantry_private.check_tenant(text, text) IS 'refuse an invalid slug or name of a tenant';
REVOKE ALL ON FUNCTION tenantry_private.check_tenant(text, text) FROM PUBLIC;
