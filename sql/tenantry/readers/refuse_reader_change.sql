-- Trigger: called for a row whose readers or owner change. The owner of the row may do that, who may lower levels, and a
-- context that names no member.
CREATE OR REPLACE FUNCTION tenantry.refuse_reader_change()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF row_security_active(TG_RELID)
        AND NOT (
            tenantry.is_context_of_row(TG_RELID, to_jsonb(old))
            AND (
                tenantry.current_member() IS NULL
                OR tenantry.may_lower_levels()
                OR tenantry.owns_row(TG_RELID, to_jsonb(old))
            )
        )
    THEN
        RAISE EXCEPTION USING
            ERRCODE = 'insufficient_privilege',
            MESSAGE = format('who reads a row in "%s" is for its owner to say', TG_TABLE_NAME),
            HINT = 'Let the owner of the row do it, or a manager or an owner of the tenant.';
    END IF;
    RETURN NEW;
END
$$;

COMMENT ON FUNCTION tenantry.refuse_reader_change() IS 'trigger of tables with readers: the list is changed by who may';
REVOKE ALL ON FUNCTION tenantry.refuse_reader_change() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.refuse_reader_change() TO tenantry_admin;
