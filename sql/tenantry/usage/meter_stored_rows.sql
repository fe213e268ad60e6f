-- Trigger: charge and record the rows and bytes that a statement writes and deletes. Its argument is the tenant column.
-- The size of a row is that of its binary form, as a client gets it: how it lies on the disk depends on more than its
-- values, and a row has to take away what it has added. The tenant becomes text as in meter_inserted_tokens().
CREATE OR REPLACE FUNCTION tenantry.meter_stored_rows()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_table CONSTANT regclass := coalesce(pg_partition_root(TG_RELID), TG_RELID);
    v_tenant text;
    v_rows bigint;
    v_bytes bigint;
BEGIN
    PERFORM tenantry_private.require_transition_tables(TG_RELID, TG_NAME, TG_OP);
    FOR v_tenant, v_rows, v_bytes IN EXECUTE format(
        CASE TG_OP
            WHEN 'INSERT' THEN
                'SELECT concat(%1$I) AS tenant, count(*) AS rows, sum(octet_length(record_send(n))) AS bytes FROM new_rows AS n GROUP BY 1'
            WHEN 'DELETE' THEN
                'SELECT concat(%1$I) AS tenant, -count(*) AS rows, -sum(octet_length(record_send(o))) AS bytes FROM old_rows AS o GROUP BY 1'
            ELSE
                'SELECT s.tenant, sum(s.rows) AS rows, sum(s.bytes) AS bytes FROM ('
                'SELECT concat(%1$I) AS tenant, 1 AS rows, octet_length(record_send(n)) AS bytes FROM new_rows AS n UNION ALL '
                'SELECT concat(%1$I), -1, -octet_length(record_send(o)) FROM old_rows AS o) AS s GROUP BY 1'
        END,
        TG_ARGV[0]
    ) LOOP
        IF v_rows <> 0 OR v_bytes <> 0 THEN
            PERFORM tenantry_private.record_storage(nullif(v_tenant, '')::uuid, v_table, v_rows, v_bytes);
        END IF;
    END LOOP;
    RETURN NULL;
END
$$;

COMMENT ON FUNCTION tenantry.meter_stored_rows() IS 'trigger of metered tables: charge and record stored rows and bytes';
REVOKE ALL ON FUNCTION tenantry.meter_stored_rows() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.meter_stored_rows() TO tenantry_admin;
