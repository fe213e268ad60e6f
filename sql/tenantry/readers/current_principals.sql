-- Whom a list of readers can name to mean the current context: its member, and its role as role:<role>. None outside a
-- context. A member whose id looks like a role is not named by it.
CREATE OR REPLACE FUNCTION tenantry.current_principals()
RETURNS text[]
LANGUAGE plpgsql
STABLE
PARALLEL RESTRICTED
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_fields CONSTANT text[] := tenantry_private.verified_context();
    v_member CONSTANT text := convert_from(decode(nullif(v_fields[8], ''), 'hex'), 'UTF8');
BEGIN
    RETURN array_remove(
        ARRAY[CASE WHEN NOT starts_with(v_member, 'role:') THEN v_member END, 'role:' || v_fields[6]], NULL
    );
END
$$;

COMMENT ON FUNCTION tenantry.current_principals() IS 'whom a list of readers can name to mean the current context';
REVOKE ALL ON FUNCTION tenantry.current_principals() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.current_principals() TO tenantry_admin, tenantry_app, tenantry_gateway, tenantry_auditor;
