-- The call that protects a table, or mends its protection: by the columns that it is, or was, protected by, as far as its
-- policies and triggers still tell.
CREATE OR REPLACE FUNCTION tenantry_private.protect_call(p_table regclass)
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        CASE
            WHEN EXISTS (
                SELECT FROM pg_attribute AS a WHERE a.attrelid = p_table AND a.attname = c.tenant_column AND NOT a.attisdropped
            ) THEN ''
            ELSE format('ALTER TABLE %s ADD COLUMN %I uuid; ', p_table, c.tenant_column)
        END
        || format('SELECT tenantry.protect(%L', p_table::text)
        || CASE WHEN c.tenant_column <> 'tenant_id' THEN format(', p_tenant_column => %L', c.tenant_column) ELSE '' END
        || coalesce(', p_permission_column => ' || quote_literal(tenantry.permission_column(p_table)), '')
        || CASE WHEN c.is_shared THEN ', p_shared => true' ELSE '' END
        || CASE WHEN c.is_protected AND NOT c.is_audited THEN ', p_audit => false' ELSE '' END
        || ');'
    FROM (
        SELECT
            coalesce(
                tenantry.policy_column(p_table, 'tenantry_isolation'),
                (
                    SELECT a.attname
                    FROM pg_trigger AS t
                    INNER JOIN pg_depend AS d
                        ON d.classid = 'pg_trigger'::regclass AND d.objid = t.oid
                            AND d.refclassid = 'pg_class'::regclass AND d.refobjid = t.tgrelid AND d.refobjsubid > 0
                    INNER JOIN pg_attribute AS a ON a.attrelid = t.tgrelid AND a.attnum = d.refobjsubid
                    WHERE t.tgrelid = p_table AND t.tgfoid = 'tenantry.refuse_tenant_change'::regproc
                    LIMIT 1
                ),
                'tenant_id'
            ) AS tenant_column,
            EXISTS (
                SELECT FROM pg_policy AS p WHERE p.polrelid = p_table AND p.polname IN ('tenantry_isolation_insert', 'tenantry_access_insert')
            ) AS is_shared,
            EXISTS (
                SELECT FROM pg_trigger AS t
                WHERE t.tgrelid = p_table AND t.tgfoid IN ('tenantry.refuse_tenant_change'::regproc, 'tenantry.refuse_truncate'::regproc)
            ) AS is_protected,
            EXISTS (
                SELECT FROM pg_trigger AS t WHERE t.tgrelid = p_table AND t.tgfoid = 'tenantry.audit_changes'::regproc
            ) AS is_audited
    ) AS c;
$$;

COMMENT ON FUNCTION tenantry_private.protect_call(regclass) IS 'the call that protects a table, or mends its protection';
REVOKE ALL ON FUNCTION tenantry_private.protect_call(regclass) FROM PUBLIC;
