-- Isolate the tenants of a table: its owner calls this once, and again after adding partitions or to repair what
-- protected_tables lists as a gap. What is whole already is not locked. It grants nothing: who may touch the table at
-- all stays with the DBA's GRANT.
CREATE OR REPLACE FUNCTION tenantry.protect(
    p_table regclass,
    p_tenant_column name DEFAULT 'tenant_id',
    p_permission_column name DEFAULT NULL,
    p_shared boolean DEFAULT false,
    p_audit boolean DEFAULT true
)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET quote_all_identifiers = off
AS $$
DECLARE
    v_protected_column CONSTANT name := tenantry.policy_column(p_table, 'tenantry_isolation');
    v_was_shared CONSTANT boolean := tenantry.is_shared(p_table);
    v_column record;
    v_foreign_key record;
    v_relation regclass;
    v_application text;
BEGIN
    PERFORM tenantry.check_protectable(p_table, p_tenant_column, p_permission_column);
    IF v_protected_column IS NOT NULL
        AND (v_protected_column, tenantry.permission_column(p_table))
            IS DISTINCT FROM (p_tenant_column, p_permission_column)
    THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('%s is protected already, by other columns', p_table),
            HINT = format('To change the columns, call tenantry.unprotect(%L) first, in the same transaction.', p_table);
    END IF;

    IF v_was_shared AND NOT p_shared THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('%s is protected as a shared table', p_table),
            HINT = format('Pass p_shared => true to keep it one. To take back all that is shared of it, call tenantry.unprotect(%L) first, in the same transaction.', p_table);
    END IF;

    -- From PostgreSQL 18 on NOT NULL may be there without having been validated.
    SELECT
        a.attnum,
        a.attnotnull AND NOT EXISTS (
            SELECT FROM pg_constraint AS n
            WHERE n.conrelid = p_table AND n.contype = 'n' AND n.conkey = ARRAY[a.attnum] AND NOT n.convalidated
        ) AS is_not_null,
        pg_get_expr(d.adbin, d.adrelid) AS default_expression
    INTO v_column
    FROM pg_attribute AS a
    LEFT JOIN pg_attrdef AS d ON a.attrelid = d.adrelid AND a.attnum = d.adnum
    WHERE a.attrelid = p_table AND a.attname = p_tenant_column;

    IF NOT v_column.is_not_null THEN
        BEGIN
            EXECUTE format('ALTER TABLE %s ALTER COLUMN %I SET NOT NULL', p_table, p_tenant_column);
        EXCEPTION WHEN not_null_violation THEN
            RAISE EXCEPTION USING
                ERRCODE = 'not_null_violation',
                MESSAGE = format('%s has rows without a tenant', p_table),
                HINT = format('Give each row its tenant first: UPDATE %s SET %I = … WHERE %2$I IS NULL;', p_table, p_tenant_column);
        END;
    END IF;
    IF v_column.default_expression IS DISTINCT FROM 'tenantry.claimed_tenant()' THEN
        EXECUTE format('ALTER TABLE %s ALTER COLUMN %I SET DEFAULT tenantry.claimed_tenant()', p_table, p_tenant_column);
    END IF;

    SELECT c.conname, c.confdeltype = 'c' AND c.convalidated AS is_fit INTO v_foreign_key
    FROM pg_constraint AS c
    WHERE c.conrelid = p_table AND c.contype = 'f' AND c.confrelid = 'tenantry.tenants'::regclass AND c.conkey = ARRAY[v_column.attnum]
    ORDER BY is_fit DESC
    LIMIT 1;
    IF v_foreign_key.is_fit IS FALSE THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('foreign key %I of %s does not cascade deletions, or is not validated', v_foreign_key.conname, p_table),
            HINT = format('ALTER TABLE %s DROP CONSTRAINT %I; protect() then makes one that does.', p_table, v_foreign_key.conname);
    ELSIF v_foreign_key.is_fit IS NULL THEN
        BEGIN
            EXECUTE format('ALTER TABLE %s ADD FOREIGN KEY (%I) REFERENCES tenantry.tenants (tenant_id) ON DELETE CASCADE', p_table, p_tenant_column);
        EXCEPTION WHEN foreign_key_violation THEN
            RAISE EXCEPTION USING
                ERRCODE = 'foreign_key_violation',
                MESSAGE = format('%s has rows of tenants that do not exist', p_table),
                HINT = format('Create those tenants, or give the rows of others: SELECT DISTINCT %I FROM %s EXCEPT SELECT tenant_id FROM tenantry.tenants;', p_tenant_column, p_table);
        END;
    END IF;

    IF NOT tenantry.has_tenant_index(p_table, p_tenant_column) THEN
        EXECUTE format('CREATE INDEX ON %s (%I)', p_table, p_tenant_column);
    END IF;

    IF EXISTS (
        SELECT FROM tenantry.relations_of(p_table) AS r
        WHERE NOT tenantry.has_enabled_trigger(r, 'tenantry.refuse_tenant_change'::regproc, p_tenant_column)
    ) THEN
        EXECUTE format(
            'CREATE OR REPLACE TRIGGER tenantry_refuse_tenant_change %s',
            tenantry.trigger_definition(p_table, 'tenantry.refuse_tenant_change'::regproc, p_tenant_column)
        );
    END IF;

    IF p_permission_column IS NOT NULL AND EXISTS (
        SELECT FROM tenantry.relations_of(p_table) AS r
        WHERE NOT tenantry.has_enabled_trigger(r, 'tenantry.refuse_lowered_level'::regproc, p_permission_column)
    ) THEN
        EXECUTE format(
            'CREATE OR REPLACE TRIGGER tenantry_refuse_lowered_level %s',
            tenantry.trigger_definition(p_table, 'tenantry.refuse_lowered_level'::regproc, p_permission_column)
        );
    END IF;

    IF p_shared AND NOT v_was_shared THEN
        PERFORM tenantry.forget_shares(p_table);
    END IF;
    -- TRUNCATE ignores row-level security; REFERENCES and TRIGGER let their holder probe or intercept foreign rows.
    SELECT string_agg(r::text, ', ') INTO v_application FROM tenantry.application_roles() AS r;
    FOR v_relation IN
        SELECT r FROM tenantry.relations_of(p_table) AS r
        WHERE tenantry.relation_gaps(r, p_tenant_column, p_permission_column, p_shared) <> '{}'
    LOOP
        PERFORM tenantry.attach_policies(v_relation, p_tenant_column, p_permission_column, p_shared);
        EXECUTE format('REVOKE TRUNCATE, REFERENCES, TRIGGER ON %s FROM PUBLIC, %s CASCADE', v_relation, v_application);
    END LOOP;

    IF tenantry.readers_column(p_table) IS NOT NULL AND tenantry.reader_gaps(p_table) <> '{}' THEN
        PERFORM tenantry.restrict_to_readers(
            p_table, tenantry.readers_column(p_table), tenantry.policy_column(p_table, 'tenantry_row_owner')
        );
    END IF;

    FOR v_relation IN
        SELECT r FROM tenantry.relations_of(p_table) AS r WHERE NOT p_audit OR NOT tenantry.is_audited(r)
    LOOP
        PERFORM tenantry.set_audit(v_relation, p_audit);
    END LOOP;

    PERFORM tenantry.note_protection(
        p_table, true, jsonb_build_object(
            'tenant_column', p_tenant_column, 'permission_column', p_permission_column, 'shared', p_shared, 'audit', p_audit
        )
    );
    PERFORM tenantry.warn_of_oracles(p_table, p_tenant_column);
END
$$;

COMMENT ON FUNCTION tenantry.protect(regclass, name, name, boolean, boolean) IS 'isolate the tenants of a table';
REVOKE ALL ON FUNCTION tenantry.protect(regclass, name, name, boolean, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.protect(regclass, name, name, boolean, boolean) TO tenantry_admin;
