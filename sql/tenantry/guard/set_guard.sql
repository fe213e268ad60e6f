-- Say what happens when a transaction ends that leaves something unprotected in a managed schema, or protection damaged:
-- nothing, a warning, or an error. What is there already is let be, until it is protected once.
CREATE OR REPLACE FUNCTION tenantry.set_guard(p_mode text)
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF p_mode IS NULL OR p_mode NOT IN ('off', 'warn', 'enforce') THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'unknown mode of the guard',
            HINT = 'Use off, warn or enforce.';
    END IF;
    IF p_mode <> 'off' AND NOT tenantry_private.has_event_triggers() THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = 'the event triggers of the guard are missing or disabled',
            HINT = 'A superuser enables them: ALTER EVENT TRIGGER tenantry_note_commands ENABLE ALWAYS; ALTER EVENT TRIGGER tenantry_note_drops ENABLE ALWAYS; event_triggers must be on; where a managed server allows none, the guard does not work: call tenantry.doctor() after each migration.';
    END IF;
    PERFORM tenantry_private.note_withdrawal();
    PERFORM tenantry_private.set_configuration('guard_mode', p_mode);
    IF p_mode <> 'off' THEN
        PERFORM tenantry_private.warn_of_unprotected();
    END IF;
END
$$;

COMMENT ON FUNCTION tenantry.set_guard(text) IS 'refuse, warn of or ignore what is unprotected in managed schemas';
REVOKE ALL ON FUNCTION tenantry.set_guard(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.set_guard(text) TO tenantry_admin;
