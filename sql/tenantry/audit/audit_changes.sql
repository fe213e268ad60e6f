-- Trigger: record what a statement did, in the trail of each tenant whose rows it touched, in the same transaction. Once a
-- statement, so that bulk work stays cheap. A change that cannot be recorded fails.
--
-- Arguments, for tables of tenantry's own alone: the tenant's column, '' where there is none, and the columns whose
-- values are recorded, because they are harmless. What stands in the columns of others is not for the trail, which forgets
-- nothing.
CREATE OR REPLACE FUNCTION tenantry.audit_changes()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET datestyle = 'ISO'
SET timezone = 'UTC'
SET intervalstyle = 'iso_8601'
SET bytea_output = 'hex'
SET extra_float_digits = 1
AS $$
DECLARE
    v_table CONSTANT text := format('%I.%I', TG_TABLE_SCHEMA, TG_TABLE_NAME);
    -- Nothing rests on it: a context, genuine or not, that reaches several tenants costs them more records than needed.
    v_is_mixed CONSTANT boolean := coalesce(current_setting('tenantry.context', true), '') = '';
    v_rows bigint;
    v_tenant uuid;
    v_row_count bigint;
    v_row_keys text[];
    v_changed_columns text[];
    v_changes jsonb;
    v_is_personal boolean;
BEGIN
    IF TG_NARGS > 0 AND TG_TABLE_SCHEMA NOT IN ('tenantry', 'tenantry_private') THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('audit trigger "%s" of %s has arguments', TG_NAME, v_table),
            HINT = 'They are for tables of tenantry''s own. Drop the trigger, and call tenantry.set_audit() without them.';
    END IF;
    IF TG_OP = 'TRUNCATE' THEN
        PERFORM tenantry_private.write_audit(NULL, 'truncate', v_table);
        RETURN NULL;
    END IF;
    PERFORM tenantry_private.require_transition_tables(TG_RELID, TG_NAME, TG_OP);
    IF TG_OP = 'DELETE' THEN
        SELECT count(*) INTO v_rows FROM (SELECT FROM old_rows LIMIT 2) AS r;
    ELSE
        SELECT count(*) INTO v_rows FROM (SELECT FROM new_rows LIMIT 2) AS r;
    END IF;
    IF v_rows = 0 THEN
        RETURN NULL;
    END IF;

    FOR v_tenant, v_row_count, v_row_keys, v_changed_columns, v_changes, v_is_personal IN
        EXECUTE tenantry_private.audit_query(TG_RELID, TG_OP, TG_ARGV, v_rows = 1, v_is_mixed)
    LOOP
        PERFORM tenantry_private.write_audit(
            v_tenant, lower(TG_OP), v_table, v_row_count, v_row_keys, v_changed_columns,
            CASE WHEN v_changes IS NOT NULL AND NOT v_is_personal THEN jsonb_build_object('rows', v_changes) END,
            CASE WHEN v_is_personal THEN v_changes END, TG_NARGS = 0
        );
    END LOOP;
    RETURN NULL;
END
$$;

COMMENT ON FUNCTION tenantry.audit_changes() IS 'trigger of protected tables: record what a statement did in the audit log';
REVOKE ALL ON FUNCTION tenantry.audit_changes() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.audit_changes() TO tenantry_admin;
