-- Refuse an exemption without a reason that somebody can read.
CREATE OR REPLACE FUNCTION tenantry_private.check_reason(p_reason text)
RETURNS void
LANGUAGE plpgsql
IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF p_reason IS NULL OR p_reason !~ '[[:alnum:]]' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'an exemption needs a reason',
            HINT = 'Say why no tenant can read or write another''s rows by way of it.';
    END IF;
END
$$;

COMMENT ON FUNCTION tenantry_private.check_reason(text) IS 'refuse an exemption without a reason';
REVOKE ALL ON FUNCTION tenantry_private.check_reason(text) FROM PUBLIC;
