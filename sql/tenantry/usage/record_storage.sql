-- Charge and record what a statement adds to a tenant's rows and bytes in a table, or takes away. Recorded as in record_tokens.
CREATE OR REPLACE FUNCTION tenantry_private.record_storage(p_tenant uuid, p_table regclass, p_rows bigint, p_bytes bigint)
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_charged_rows bigint := greatest(p_rows, 0);
    v_charged_bytes bigint := greatest(p_bytes, 0);
    v_deleter CONSTANT xid8 := CASE WHEN p_rows < 0 OR p_bytes < 0 THEN pg_current_xact_id() END;
BEGIN
    IF v_charged_rows + v_charged_bytes = 0 OR NOT tenantry_private.charge_storage(p_tenant, v_charged_rows, v_charged_bytes) THEN
        v_charged_rows := 0;
        v_charged_bytes := 0;
    END IF;

    IF current_setting('transaction_isolation') = 'read committed' THEN
        UPDATE tenantry_private.stored_amounts AS s
        SET stored_rows = s.stored_rows + p_rows, stored_bytes = s.stored_bytes + p_bytes,
            charged_rows = s.charged_rows + v_charged_rows, charged_bytes = s.charged_bytes + v_charged_bytes,
            last_deleter = coalesce(v_deleter, s.last_deleter),
            deleted_rows = CASE WHEN v_deleter IS NULL OR v_deleter = s.last_deleter THEN s.deleted_rows ELSE 0 END - least(p_rows, 0),
            deleted_bytes = CASE WHEN v_deleter IS NULL OR v_deleter = s.last_deleter THEN s.deleted_bytes ELSE 0 END - least(p_bytes, 0)
        WHERE s.ctid = (
            SELECT f.ctid
            FROM tenantry_private.stored_amounts AS f
            WHERE f.tenant_id = p_tenant AND f.table_name = p_table
            LIMIT 1
            FOR NO KEY UPDATE SKIP LOCKED
        );
        IF FOUND THEN
            RETURN;
        END IF;
    END IF;
    -- Of a tenant whose deletion has deleted the rows there is nothing to record.
    INSERT INTO tenantry_private.stored_amounts (
        tenant_id, table_name, stored_rows, stored_bytes, charged_rows, charged_bytes, last_deleter, deleted_rows, deleted_bytes
    )
    SELECT
        t.tenant_id, p_table, p_rows, p_bytes, v_charged_rows, v_charged_bytes,
        v_deleter, -least(p_rows, 0), -least(p_bytes, 0)
    FROM tenantry.tenants AS t
    WHERE t.tenant_id = p_tenant;
END
$$;

COMMENT ON FUNCTION tenantry_private.record_storage(uuid, regclass, bigint, bigint) IS 'charge and record what a tenant stores';
REVOKE ALL ON FUNCTION tenantry_private.record_storage(uuid, regclass, bigint, bigint) FROM PUBLIC;
