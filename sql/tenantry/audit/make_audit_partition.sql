-- Make the partition of a month, unless it is there. Attaching a table blocks no writer. Two that make one at once take
-- turns; who makes one ahead of its time does not wait for a turn.
CREATE OR REPLACE FUNCTION tenantry_private.make_audit_partition(p_at timestamptz, p_ahead boolean DEFAULT false)
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_month CONSTANT timestamp := date_trunc('month', p_at AT TIME ZONE 'UTC');
    v_name CONSTANT text := tenantry_private.audit_partition_name(p_at);
BEGIN
    IF p_ahead THEN
        BEGIN
            LOCK TABLE tenantry.audit_log IN SHARE UPDATE EXCLUSIVE MODE NOWAIT;
        EXCEPTION WHEN lock_not_available THEN
            RETURN;
        END;
    ELSE
        LOCK TABLE tenantry.audit_log IN SHARE UPDATE EXCLUSIVE MODE;
    END IF;
    IF to_regclass(v_name) IS NOT NULL THEN
        RETURN;
    END IF;

    EXECUTE format('CREATE TABLE %s (LIKE tenantry.audit_log)', v_name);
    EXECUTE format('COMMENT ON TABLE %s IS %L', v_name, 'a month of the audit log');
    EXECUTE format('CREATE INDEX ON %s (tenant_id, occurred_at)', v_name);
    EXECUTE format(
        'CREATE TRIGGER tenantry_refuse_audit_change BEFORE UPDATE OR DELETE OR TRUNCATE ON %s '
        'FOR EACH STATEMENT EXECUTE FUNCTION tenantry_private.refuse_audit_change()',
        v_name
    );
    EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER tenantry_refuse_audit_change', v_name);
    EXECUTE format(
        'ALTER TABLE tenantry.audit_log ATTACH PARTITION %s FOR VALUES FROM (%L) TO (%L)',
        v_name, v_month AT TIME ZONE 'UTC', (v_month + interval '1 month') AT TIME ZONE 'UTC'
    );
END
$$;

COMMENT ON FUNCTION tenantry_private.make_audit_partition(timestamptz, boolean) IS 'make the partition of a month of the audit log';
REVOKE ALL ON FUNCTION tenantry_private.make_audit_partition(timestamptz, boolean) FROM PUBLIC;
