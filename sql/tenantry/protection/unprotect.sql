-- Stop isolating the tenants of a table. What describes the data stays: NOT NULL, the foreign key to tenants, the
-- index. Policies of the table's own stay in force too, and with them row-level security.
CREATE OR REPLACE FUNCTION tenantry.unprotect(p_table regclass)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_tenant_column CONSTANT name := tenantry.policy_column(p_table, 'tenantry_isolation');
    v_relation regclass;
BEGIN
    IF v_tenant_column IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('%s is not protected', p_table),
            HINT = 'tenantry.protected_tables lists the protected tables.';
    END IF;

    EXECUTE format('ALTER TABLE %s ALTER COLUMN %I DROP DEFAULT', p_table, v_tenant_column);
    EXECUTE format('DROP TRIGGER tenantry_refuse_tenant_change ON %s', p_table);
    FOR v_relation IN
        SELECT p_table UNION SELECT t.relid FROM pg_partition_tree(p_table) AS t
    LOOP
        PERFORM tenantry.detach_policies(v_relation);
        IF NOT EXISTS (SELECT FROM pg_policy AS p WHERE p.polrelid = v_relation) THEN
            EXECUTE format('ALTER TABLE %s DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY', v_relation);
        END IF;
    END LOOP;
END
$$;

COMMENT ON FUNCTION tenantry.unprotect(regclass) IS 'stop isolating the tenants of a table';
REVOKE ALL ON FUNCTION tenantry.unprotect(regclass) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.unprotect(regclass) TO tenantry_admin;
