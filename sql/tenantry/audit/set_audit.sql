-- Have what changes a table or partition recorded, or no longer; see audit_changes(). The arguments
-- of the triggers are for tables of tenantry's own, which may belong to the trails of two tenants.
CREATE OR REPLACE FUNCTION tenantry.set_audit(p_relation regclass, p_audit boolean, VARIADIC p_arguments text[] DEFAULT '{}')
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_event text;
    v_trigger text;
BEGIN
    FOREACH v_event IN ARRAY ARRAY['insert', 'update', 'delete', 'truncate'] LOOP
        v_trigger := concat_ws('_', 'tenantry_audit', v_event, nullif(p_arguments[1], ''));
        IF p_audit THEN
            EXECUTE format(
                'CREATE OR REPLACE TRIGGER %1$I AFTER %5$s ON %2$s %3$s FOR EACH STATEMENT '
                'EXECUTE FUNCTION tenantry.audit_changes(%4$s)',
                v_trigger, p_relation,
                CASE v_event
                    WHEN 'insert' THEN 'REFERENCING NEW TABLE AS new_rows'
                    WHEN 'update' THEN 'REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows'
                    WHEN 'delete' THEN 'REFERENCING OLD TABLE AS old_rows'
                END,
                (SELECT string_agg(quote_literal(a), ', ') FROM unnest(p_arguments) AS a),
                v_event
            );
            EXECUTE format('ALTER TABLE %s ENABLE TRIGGER %I', p_relation, v_trigger);
        ELSIF EXISTS (SELECT FROM pg_trigger AS t WHERE t.tgrelid = p_relation AND t.tgname = v_trigger) THEN
            EXECUTE format('DROP TRIGGER %I ON %s', v_trigger, p_relation);
        END IF;
    END LOOP;
END
$$;

COMMENT ON FUNCTION tenantry.set_audit(regclass, boolean, text[]) IS 'have what changes a relation recorded in the audit log, or no longer';
REVOKE ALL ON FUNCTION tenantry.set_audit(regclass, boolean, text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.set_audit(regclass, boolean, text[]) TO tenantry_admin;
