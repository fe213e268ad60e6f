-- Let a schema be: what is protected in it stays so, and may be unprotected.
CREATE OR REPLACE FUNCTION tenantry.unmanage_schema(p_schema name)
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM tenantry_private.follow_schemas();
    DELETE FROM tenantry_private.managed_schemas AS m WHERE m.schema_name = p_schema;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('schema "%s" is not managed', p_schema),
            HINT = 'tenantry.managed_schemas lists the managed schemas.';
    END IF;
    DELETE FROM tenantry_private.guarded_relations AS g
    USING pg_class AS c
    INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
    WHERE g.root = c.oid AND n.nspname = p_schema;
END
$$;

COMMENT ON FUNCTION tenantry.unmanage_schema(name) IS 'no longer have everything in a schema protected';
REVOKE ALL ON FUNCTION tenantry.unmanage_schema(name) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.unmanage_schema(name) TO tenantry_admin;
