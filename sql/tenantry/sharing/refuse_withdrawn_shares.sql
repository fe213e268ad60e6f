-- Refuse a snapshot that still shows a share to the tenant which has been withdrawn since. Only repeatable read and
-- serializable transactions keep such a snapshot. The row itself says so: the transaction that deleted or declined it
-- stands in its xmax. So nobody has to wait for anybody, unlike in note_withdrawal(), which tenants may not call for that.
CREATE OR REPLACE FUNCTION tenantry_private.refuse_withdrawn_shares(p_table regclass, p_tenant uuid)
RETURNS void
LANGUAGE plpgsql
STABLE
PARALLEL RESTRICTED
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_base CONSTANT bigint := pg_snapshot_xmax(pg_current_snapshot())::text::bigint;
BEGIN
    -- An xmax has 32 bits; the whole transaction id is the nearest to the present ones that ends in them.
    IF EXISTS (
        SELECT FROM (
            SELECT unnest(ARRAY[s.xmax, a.xmax])::text::bigint AS withdrawn_by
            FROM tenantry_private.accepted_shares AS a
            INNER JOIN tenantry_private.shares AS s ON a.share_id = s.share_id
            WHERE a.grantee_tenant_id = p_tenant AND s.table_name = p_table
        ) AS w
        WHERE w.withdrawn_by <> 0
            AND pg_xact_status(
                (
                    v_base + ((w.withdrawn_by - v_base) & 4294967295)
                    - CASE WHEN (w.withdrawn_by - v_base) & 2147483648 <> 0 THEN 4294967296 ELSE 0 END
                )::text::xid8
            ) = 'committed'
    ) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'serialization_failure',
            MESSAGE = 'the snapshot of this transaction is older than a withdrawal of shared rows',
            HINT = 'Start a new transaction.';
    END IF;
END
$$;

COMMENT ON FUNCTION tenantry_private.refuse_withdrawn_shares(regclass, uuid)
IS 'refuse a snapshot that shows a share which has been withdrawn';
REVOKE ALL ON FUNCTION tenantry_private.refuse_withdrawn_shares(regclass, uuid) FROM PUBLIC;
