-- Run statements as a role in a tenant's context, and undo them. NULL for no context. A question about what they did is asked
-- last: by the caller in the context of a judge, if there is one. A preparation comes first, by the caller in the context of
-- the tenant that prepares.
CREATE OR REPLACE FUNCTION tenantry_tap.attempt(
    p_role name,
    p_tenant uuid,
    p_statements text[],
    p_question text DEFAULT NULL,
    p_judge uuid DEFAULT NULL,
    p_preparation text DEFAULT NULL,
    p_preparing uuid DEFAULT NULL,
    OUT row_count bigint,
    OUT answer text,
    OUT error_code text,
    OUT error_message text
)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_caller CONSTANT text := current_setting('role');
    v_statement text;
BEGIN
    error_code := '00000';
    IF p_preparation IS NOT NULL THEN
        PERFORM tenantry_tap.take_context(p_preparing);
        EXECUTE p_preparation;
    END IF;
    PERFORM tenantry_tap.take_context(p_tenant);
    PERFORM set_config('role', p_role, true);
    FOREACH v_statement IN ARRAY p_statements LOOP
        EXECUTE v_statement;
        GET DIAGNOSTICS row_count = ROW_COUNT;
    END LOOP;
    IF p_judge IS NOT NULL THEN
        PERFORM set_config('role', v_caller, true);
        PERFORM tenantry_tap.take_context(p_judge);
    END IF;
    IF p_question IS NOT NULL THEN
        EXECUTE p_question INTO answer;
    END IF;
    RAISE SQLSTATE 'TT000';
EXCEPTION
    WHEN SQLSTATE 'TT000' THEN
        RETURN;
    WHEN OTHERS THEN
        error_code := SQLSTATE;
        error_message := SQLERRM;
END
$$;

COMMENT ON FUNCTION tenantry_tap.attempt(name, uuid, text[], text, uuid, text, uuid)
IS 'run statements as a role in a tenant''s context, and undo them';
REVOKE ALL ON FUNCTION tenantry_tap.attempt(name, uuid, text[], text, uuid, text, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry_tap.attempt(name, uuid, text[], text, uuid, text, uuid) TO tenantry_admin;
