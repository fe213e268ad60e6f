-- Whether a clearance suffices to write what other tenants may read, and to share it. It takes the highest: rows of every
-- level can lie in a collection, and nobody is to give away what is above the own level.
CREATE OR REPLACE FUNCTION tenantry_private.may_publish(p_clearance text)
RETURNS boolean
LANGUAGE plpgsql
IMMUTABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_levels CONSTANT text[] := tenantry.permission_levels();
BEGIN
    RETURN p_clearance IS NOT DISTINCT FROM v_levels[cardinality(v_levels)];
END
$$;

COMMENT ON FUNCTION tenantry_private.may_publish(text) IS 'whether a clearance suffices to share with other tenants';
REVOKE ALL ON FUNCTION tenantry_private.may_publish(text) FROM PUBLIC;
