-- Whether the current context is the session's, for the same tenant, user and key, and nobody else's has been opened over
-- it: whatever the session holds was then made for the same person. It may have expired.
CREATE OR REPLACE FUNCTION tenantry_private.is_own_session(p_tenant uuid, p_user text, p_key uuid)
RETURNS boolean
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_token CONSTANT text := current_setting('tenantry.context', true);
    v_fields CONSTANT text[] := string_to_array(v_token, '|');
BEGIN
    IF NOT tenantry_private.is_session_token(v_token, v_fields) THEN
        RETURN false;
    END IF;
    RETURN starts_with(
            v_fields[4],
            concat('s', currval('tenantry_private.session_numbers'), '.', currval('tenantry_private.session_overrides'), '.')
        )
        AND v_fields[1] = p_tenant::text
        AND v_fields[7] = coalesce(p_key::text, '')
        AND v_fields[8] = coalesce(encode(convert_to(p_user, 'UTF8'), 'hex'), '');
END
$$;

COMMENT ON FUNCTION tenantry_private.is_own_session(uuid, text, uuid) IS 'whether the session''s context is of the same identity';
REVOKE ALL ON FUNCTION tenantry_private.is_own_session(uuid, text, uuid) FROM PUBLIC;
