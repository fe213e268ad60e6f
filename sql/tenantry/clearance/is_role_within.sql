-- Whether a role may do no more than another one may; NULL where one of them does not exist.
CREATE OR REPLACE FUNCTION tenantry_private.is_role_within(p_role text, p_other text)
RETURNS boolean
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_levels CONSTANT text[] := tenantry.permission_levels();
BEGIN
    RETURN array_position(v_levels, tenantry_private.role_clearance(p_role))
        <= array_position(v_levels, tenantry_private.role_clearance(p_other))
        AND (tenantry_private.role_may_lower(p_other) OR NOT tenantry_private.role_may_lower(p_role));
END
$$;

COMMENT ON FUNCTION tenantry_private.is_role_within(text, text) IS 'whether a role may do no more than another one';
REVOKE ALL ON FUNCTION tenantry_private.is_role_within(text, text) FROM PUBLIC;
