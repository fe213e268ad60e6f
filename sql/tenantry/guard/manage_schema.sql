-- Have everything in a schema protected, or exempt: the guard sees to it, see set_guard(), and the doctor reports it.
CREATE OR REPLACE FUNCTION tenantry.manage_schema(p_schema name)
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_schema CONSTANT oid := to_regnamespace(quote_ident(p_schema))::oid;
BEGIN
    IF v_schema IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_schema_name',
            MESSAGE = format('schema "%s" does not exist', p_schema),
            HINT = 'Create it first, or name another in p_schema.';
    END IF;
    IF p_schema IN ('tenantry', 'tenantry_private', 'information_schema') OR starts_with(p_schema, 'pg_') THEN
        RAISE EXCEPTION USING
            ERRCODE = 'wrong_object_type',
            MESSAGE = format('schema "%s" belongs to tenantry or to the system', p_schema),
            HINT = 'Manage the schemas of your application.';
    END IF;
    PERFORM tenantry_private.note_withdrawal();
    INSERT INTO tenantry_private.managed_schemas (schema_name, schema_oid) VALUES (p_schema, v_schema) ON CONFLICT DO NOTHING;
    PERFORM tenantry_private.warn_of_unprotected(v_schema);
END
$$;

COMMENT ON FUNCTION tenantry.manage_schema(name) IS 'have everything in a schema protected, or exempt';
REVOKE ALL ON FUNCTION tenantry.manage_schema(name) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.manage_schema(name) TO tenantry_admin;
