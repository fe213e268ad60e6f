-- Record the rows and bytes of a protected table by tenant, from now on, beginning with what is there. Its owner calls
-- this once, and again to count anew, or after adding partitions: each has triggers for what is written to it directly.
-- Readers and writers wait while it counts.
CREATE OR REPLACE FUNCTION tenantry.meter_storage(p_table regclass)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET quote_all_identifiers = off
AS $$
DECLARE
    v_tenant_column CONSTANT name := tenantry.policy_column(p_table, 'tenantry_isolation');
    v_operation record;
    v_tenants uuid[];
    v_rows bigint[];
    v_bytes bigint[];
BEGIN
    IF v_tenant_column IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('%s is not protected', p_table),
            HINT = 'tenantry.protected_tables lists the protected tables.';
    END IF;
    FOR v_operation IN
        SELECT o.name, o.tables, r.relation
        FROM tenantry.relations_of(p_table) AS r (relation)
        CROSS JOIN (
            VALUES
            ('insert', 'NEW TABLE AS new_rows'),
            ('update', 'OLD TABLE AS old_rows NEW TABLE AS new_rows'),
            ('delete', 'OLD TABLE AS old_rows')
        ) AS o (name, tables)
    LOOP
        EXECUTE format(
            'CREATE OR REPLACE TRIGGER tenantry_meter_storage_%1$s AFTER %1$s ON %2$s REFERENCING %3$s '
            'FOR EACH STATEMENT EXECUTE FUNCTION tenantry.meter_stored_rows(%4$L)',
            v_operation.name, v_operation.relation, v_operation.tables, v_tenant_column
        );
    END LOOP;

    -- The policies bind the owner as well. They are lifted for counting; the lock that this takes keeps everybody else out.
    EXECUTE format('ALTER TABLE %s NO FORCE ROW LEVEL SECURITY', p_table);
    EXECUTE format(
        'SELECT array_agg(tenant), array_agg(rows), array_agg(bytes) FROM ('
        'SELECT %I AS tenant, count(*) AS rows, sum(octet_length(record_send(t))) AS bytes FROM %s AS t GROUP BY 1) AS a',
        v_tenant_column, p_table
    ) INTO v_tenants, v_rows, v_bytes;
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', p_table);
    PERFORM tenantry.begin_storage(p_table, v_tenants, v_rows, v_bytes);
END
$$;

COMMENT ON FUNCTION tenantry.meter_storage(regclass) IS 'record the rows and bytes of a protected table by tenant';
REVOKE ALL ON FUNCTION tenantry.meter_storage(regclass) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.meter_storage(regclass) TO tenantry_admin;
