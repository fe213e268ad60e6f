-- Trigger: called for a row whose permission level is being lowered, which takes a role with the right to. Before the
-- update, because one that moves the row to another partition has no after. Whom policies do not bind, this does not.
CREATE OR REPLACE FUNCTION tenantry.refuse_lowered_level()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF row_security_active(TG_RELID)
        AND NOT (coalesce(tenantry.may_lower_levels(), false) AND tenantry.is_context_of_row(TG_RELID, to_jsonb(old)))
    THEN
        RAISE EXCEPTION USING
            ERRCODE = 'insufficient_privilege',
            MESSAGE = format('the current role may not lower the permission level of a row in "%s"', TG_TABLE_NAME),
            HINT = 'Let a manager or an owner do it, or give the role the right with set_role_clearance().';
    END IF;
    RETURN NEW;
END
$$;

COMMENT ON FUNCTION tenantry.refuse_lowered_level() IS 'trigger of protected tables: lowering a permission level takes the right to';
REVOKE ALL ON FUNCTION tenantry.refuse_lowered_level() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.refuse_lowered_level() TO tenantry_admin;
