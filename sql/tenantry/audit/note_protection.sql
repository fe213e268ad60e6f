-- Record that a table was protected or unprotected, in the system's trail. Apart from protect() because that runs with its
-- caller's rights, and nobody but tenantry_owner writes to the trail.
CREATE OR REPLACE FUNCTION tenantry.note_protection(p_table regclass, p_is_protected boolean, p_details jsonb DEFAULT NULL)
RETURNS void
LANGUAGE sql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT tenantry_private.write_audit(
        NULL, CASE WHEN p_is_protected THEN 'protect' ELSE 'unprotect' END, format('%I.%I', n.nspname, c.relname), p_details => p_details
    )
    FROM pg_class AS c
    INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
    WHERE c.oid = p_table;
$$;

COMMENT ON FUNCTION tenantry.note_protection(regclass, boolean, jsonb) IS 'record that a table was protected or unprotected';
REVOKE ALL ON FUNCTION tenantry.note_protection(regclass, boolean, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.note_protection(regclass, boolean, jsonb) TO tenantry_admin;
