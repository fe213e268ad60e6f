-- What is missing of a table's protection, one line a gap; empty when it is whole. Compares the catalog with what
-- protect() leaves behind.
CREATE OR REPLACE FUNCTION tenantry.protection_gaps(p_table regclass)
RETURNS text[]
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
SET quote_all_identifiers = off
AS $$
DECLARE
    v_tenant_column CONSTANT name := tenantry.policy_column(p_table, 'tenantry_isolation');
    v_permission_column CONSTANT name := tenantry.permission_column(p_table);
    v_is_shared CONSTANT boolean := tenantry.is_shared(p_table);
    v_column record;
    v_relation regclass;
    v_gaps text[] := ARRAY[]::text[];
BEGIN
    IF v_tenant_column IS NULL THEN
        RETURN ARRAY['not protected'];
    END IF;

    SELECT a.attnum, a.attnotnull, pg_get_expr(d.adbin, d.adrelid) AS default_expression INTO v_column
    FROM pg_attribute AS a
    LEFT JOIN pg_attrdef AS d ON a.attrelid = d.adrelid AND a.attnum = d.adnum
    WHERE a.attrelid = p_table AND a.attname = v_tenant_column;
    IF NOT v_column.attnotnull THEN
        v_gaps := v_gaps || format('column "%s" may be null', v_tenant_column);
    END IF;
    IF v_column.default_expression IS DISTINCT FROM 'tenantry.claimed_tenant()' THEN
        v_gaps := v_gaps || format('column "%s" is not filled from the context', v_tenant_column);
    END IF;
    IF NOT EXISTS (
        SELECT FROM pg_constraint AS c
        WHERE c.conrelid = p_table AND c.contype = 'f' AND c.confrelid = 'tenantry.tenants'::regclass
            AND c.conkey = ARRAY[v_column.attnum] AND c.confdeltype = 'c' AND c.convalidated
    ) THEN
        v_gaps := v_gaps || 'no cascading foreign key to tenantry.tenants'::text;
    END IF;
    IF NOT tenantry.has_tenant_index(p_table, v_tenant_column) THEN
        v_gaps := v_gaps || format('no index that begins with "%s"', v_tenant_column);
    END IF;

    FOR v_relation IN SELECT tenantry.relations_of(p_table) LOOP
        v_gaps := v_gaps || tenantry.relation_gaps(v_relation, v_tenant_column, v_permission_column, v_is_shared);
    END LOOP;
    -- Audited or not is a choice, but it is made for the whole table.
    IF EXISTS (
        SELECT FROM pg_trigger AS t
        WHERE t.tgfoid = 'tenantry.audit_changes'::regproc AND t.tgrelid IN (SELECT tenantry.relations_of(p_table))
    ) THEN
        v_gaps := v_gaps || ARRAY(
            SELECT format('changes of %s are not audited', r) FROM tenantry.relations_of(p_table) AS r WHERE NOT tenantry.is_audited(r)
        );
    END IF;
    RETURN v_gaps || tenantry.reader_gaps(p_table);
END
$$;

COMMENT ON FUNCTION tenantry.protection_gaps(regclass) IS 'what is missing of a table''s protection, empty when whole';
REVOKE ALL ON FUNCTION tenantry.protection_gaps(regclass) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.protection_gaps(regclass) TO tenantry_admin, tenantry_auditor;
