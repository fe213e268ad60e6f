-- Refuse a scope that is none, once it is not that of the transaction.
CREATE OR REPLACE FUNCTION tenantry_private.require_session_scope(p_scope text)
RETURNS void
LANGUAGE plpgsql
IMMUTABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF p_scope IS DISTINCT FROM 'session' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'unknown scope',
            HINT = 'Use transaction or session.';
    END IF;
END
$$;

COMMENT ON FUNCTION tenantry_private.require_session_scope(text) IS 'refuse a scope other than the session';
REVOKE ALL ON FUNCTION tenantry_private.require_session_scope(text) FROM PUBLIC;
