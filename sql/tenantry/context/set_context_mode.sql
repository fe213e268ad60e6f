-- Choose how this database learns the tenant. 'sealed' (the default) accepts contexts that a credential opened.
-- 'setting' also believes app.current_tenant_id, which whoever can run SQL can forge: for moving an application over.
CREATE OR REPLACE FUNCTION tenantry.set_context_mode(p_mode text)
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF p_mode IS NULL OR p_mode NOT IN ('sealed', 'setting') THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'unknown context mode',
            HINT = 'Use sealed or setting.';
    END IF;
    IF p_mode = 'setting' THEN
        RAISE WARNING USING
            MESSAGE = 'mode "setting" does not withstand SQL injection',
            HINT = 'One injected set_config reads every tenant. Return to set_context_mode(''sealed'') as soon as you can.';
    END IF;
    PERFORM tenantry_private.note_withdrawal();
    PERFORM tenantry_private.set_configuration('context_mode', p_mode);
END
$$;

COMMENT ON FUNCTION tenantry.set_context_mode(text) IS 'choose between sealed contexts and the compatibility mode setting';
REVOKE ALL ON FUNCTION tenantry.set_context_mode(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.set_context_mode(text) TO tenantry_admin;
