-- Record what each tenant stores in a table when metering begins, in place of what was recorded before. For meter_storage(),
-- whose caller sees the rows, and has locked the table against writers.
CREATE OR REPLACE FUNCTION tenantry.begin_storage(p_table regclass, p_tenants uuid[], p_rows bigint[], p_bytes bigint[])
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- Nobody charges meanwhile, with a bound that does not know of these rows.
    LOCK TABLE tenantry_private.tenant_limits IN EXCLUSIVE MODE;
    PERFORM setval(l.row_bound, 0), setval(l.byte_bound, 0) FROM tenantry_private.tenant_limits AS l;
    -- What was charged stays recorded, or it would count as being in flight.
    UPDATE tenantry_private.stored_amounts SET stored_rows = 0, stored_bytes = 0 WHERE table_name = p_table;
    INSERT INTO tenantry_private.stored_amounts (tenant_id, table_name, stored_rows, stored_bytes)
    SELECT a.tenant_id, p_table, a.stored_rows, a.stored_bytes
    FROM unnest(p_tenants, p_rows, p_bytes) AS a (tenant_id, stored_rows, stored_bytes);
END
$$;

COMMENT ON FUNCTION tenantry.begin_storage(regclass, uuid[], bigint[], bigint[])
IS 'record what tenants store in a table when metering begins';
REVOKE ALL ON FUNCTION tenantry.begin_storage(regclass, uuid[], bigint[], bigint[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.begin_storage(regclass, uuid[], bigint[], bigint[]) TO tenantry_admin;
