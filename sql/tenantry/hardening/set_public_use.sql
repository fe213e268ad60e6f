-- Take the use of one object of hardening_targets() from PUBLIC and give it to some roles, or the reverse.
CREATE OR REPLACE FUNCTION tenantry_private.set_public_use(p_object text, p_is_public boolean, p_roles text[])
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_function CONSTANT regprocedure := CASE WHEN p_object <> 'database' THEN p_object::regprocedure END;
    v_role text;
BEGIN
    FOREACH v_role IN ARRAY p_roles || text 'public' LOOP
        IF (v_role = 'public') = p_is_public THEN
            IF v_function IS NULL THEN
                EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO %I', current_database(), v_role);
            ELSE
                EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %I', v_function, v_role);
            END IF;
        ELSIF v_function IS NULL THEN
            EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM %I', current_database(), v_role);
        ELSE
            EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM %I', v_function, v_role);
        END IF;
    END LOOP;
END
$$;

COMMENT ON FUNCTION tenantry_private.set_public_use(text, boolean, text[]) IS 'take the use of an object from PUBLIC, or give it back';
REVOKE ALL ON FUNCTION tenantry_private.set_public_use(text, boolean, text[]) FROM PUBLIC;
