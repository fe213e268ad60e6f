-- Stop isolating the tenants of a table. What describes the data stays: NOT NULL, the foreign key to tenants, the
-- index. Policies of the table's own stay in force too, and with them row-level security.
CREATE OR REPLACE FUNCTION tenantry.unprotect(p_table regclass)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET quote_all_identifiers = off
AS $$
DECLARE
    v_tenant_column CONSTANT name := tenantry.policy_column(p_table, 'tenantry_isolation');
    v_relation regclass;
    v_trigger name;
BEGIN
    IF v_tenant_column IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('%s is not protected', p_table),
            HINT = 'tenantry.protected_tables lists the protected tables.';
    END IF;

    PERFORM tenantry.forget_shares(p_table);
    IF EXISTS (
        SELECT FROM pg_attribute AS a
        INNER JOIN pg_attrdef AS d ON a.attrelid = d.adrelid AND a.attnum = d.adnum
        WHERE a.attrelid = p_table AND a.attname = v_tenant_column
            AND pg_get_expr(d.adbin, d.adrelid) = 'tenantry.claimed_tenant()'
    ) THEN
        EXECUTE format('ALTER TABLE %s ALTER COLUMN %I DROP DEFAULT', p_table, v_tenant_column);
    END IF;
    PERFORM tenantry.unrestrict_readers(p_table);
    FOR v_relation IN SELECT tenantry.relations_of(p_table) LOOP
        PERFORM tenantry.detach_policies(v_relation);
        PERFORM tenantry.set_audit(v_relation, false);
        FOR v_trigger IN
            SELECT t.tgname
            FROM pg_trigger AS t
            WHERE t.tgrelid = v_relation AND t.tgparentid = 0
                AND t.tgname IN ('tenantry_refuse_tenant_change', 'tenantry_refuse_lowered_level', 'tenantry_refuse_truncate')
        LOOP
            EXECUTE format('DROP TRIGGER %I ON %s', v_trigger, v_relation);
        END LOOP;
        IF NOT EXISTS (SELECT FROM pg_policy AS p WHERE p.polrelid = v_relation) THEN
            EXECUTE format('ALTER TABLE %s DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY', v_relation);
        END IF;
    END LOOP;
    PERFORM tenantry.note_protection(p_table, false);
END
$$;

COMMENT ON FUNCTION tenantry.unprotect(regclass) IS 'stop isolating the tenants of a table';
REVOKE ALL ON FUNCTION tenantry.unprotect(regclass) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.unprotect(regclass) TO tenantry_admin;
