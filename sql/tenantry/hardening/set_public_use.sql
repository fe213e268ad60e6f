-- Take the use of one object of hardening_targets() from PUBLIC and give it to some roles, or the reverse.
CREATE OR REPLACE FUNCTION tenantry_private.set_public_use(p_object text, p_is_public boolean, p_roles text[])
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_object CONSTANT text := CASE
        WHEN p_object = 'database' THEN format('TEMPORARY ON DATABASE %I', current_database())
        ELSE format('EXECUTE ON FUNCTION %s', p_object::regprocedure)
    END;
    v_roles CONSTANT text := (SELECT string_agg(quote_ident(r), ', ') FROM unnest(p_roles) AS r);
BEGIN
    EXECUTE format(CASE WHEN p_is_public THEN 'GRANT %s TO PUBLIC' ELSE 'REVOKE %s FROM PUBLIC' END, v_object);
    IF v_roles IS NOT NULL THEN
        EXECUTE format(CASE WHEN p_is_public THEN 'REVOKE %s FROM %s' ELSE 'GRANT %s TO %s' END, v_object, v_roles);
    END IF;
END
$$;

COMMENT ON FUNCTION tenantry_private.set_public_use(text, boolean, text[]) IS 'take the use of an object from PUBLIC, or give it back';
REVOKE ALL ON FUNCTION tenantry_private.set_public_use(text, boolean, text[]) FROM PUBLIC;
