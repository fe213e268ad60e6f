-- Charge rows and bytes that are being written to a tenant, if it has a limit of them, or refuse what does not fit. What is
-- written to a collection is its owner's.
-- Returns whether they were charged, which record_storage() keeps beside what is stored.
--
-- The bounds are never below what is stored, committed or not: writing raises them, and deleting does not lower them.
-- When a bound is full, it is set anew. The counters sum what was ever charged; what of it does not stand in committed
-- rows is in flight, or was rolled back. So no more is stored than what this transaction sees, plus the counters, less the
-- charged amounts that it sees: with any snapshot, and whatever others do. Only what was rolled back makes that too high.
-- If nothing fits then either, and no other transaction holds the row of limits that every charged one shares, nothing is
-- in flight, and the counters are set right. In doubt it is refused.
CREATE OR REPLACE FUNCTION tenantry_private.charge_storage(p_tenant uuid, p_rows bigint, p_bytes bigint)
RETURNS boolean
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_limits tenantry_private.tenant_limits;
    v_seen record;
    v_rows bigint;
    v_bytes bigint;
    v_fits boolean;
BEGIN
    SELECT l.* INTO v_limits
    FROM tenantry_private.tenant_limits AS l
    WHERE l.tenant_id = coalesce((SELECT t.owner_tenant_id FROM tenantry.tenants AS t WHERE t.tenant_id = p_tenant), p_tenant)
        AND (l.max_rows IS NOT NULL OR l.max_bytes IS NOT NULL)
    FOR KEY SHARE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;

    BEGIN
        -- As in charge_tokens(), this query is all in most cases.
        PERFORM
            setval(v_limits.row_bound, a.row_bound + p_rows), setval(v_limits.byte_bound, a.byte_bound + p_bytes),
            setval(v_limits.row_counter, a.rows + p_rows), setval(v_limits.byte_counter, a.bytes + p_bytes)
        FROM (
            SELECT c.counter FROM tenantry_private.counters AS c WHERE c.counter = v_limits.row_counter FOR UPDATE
        ) AS l
        CROSS JOIN LATERAL (
            SELECT
                pg_sequence_last_value(l.counter) AS rows,
                pg_sequence_last_value(v_limits.byte_counter) AS bytes,
                pg_sequence_last_value(v_limits.row_bound) AS row_bound,
                pg_sequence_last_value(v_limits.byte_bound) AS byte_bound
        ) AS a
        WHERE a.row_bound > 0 AND a.row_bound + p_rows <= coalesce(v_limits.max_rows, 9223372036854775807)
            AND a.byte_bound + p_bytes <= coalesce(v_limits.max_bytes, 9223372036854775807);
        v_fits := FOUND;
        IF v_fits THEN
            RAISE EXCEPTION USING ERRCODE = 'TN000';
        END IF;

        v_seen := tenantry_private.stored_amount(v_limits.tenant_id);
        v_rows := greatest(pg_sequence_last_value(v_limits.row_counter), v_seen.charged_rows);
        v_bytes := greatest(pg_sequence_last_value(v_limits.byte_counter), v_seen.charged_bytes);
        v_fits := coalesce(v_seen.stored_rows + v_rows - v_seen.charged_rows + p_rows <= v_limits.max_rows, true)
            AND coalesce(v_seen.stored_bytes + v_bytes - v_seen.charged_bytes + p_bytes <= v_limits.max_bytes, true);
        IF NOT v_fits AND current_setting('transaction_isolation') = 'read committed' THEN
            PERFORM FROM tenantry_private.tenant_limits AS l WHERE l.tenant_id = v_limits.tenant_id FOR UPDATE SKIP LOCKED;
            IF FOUND THEN
                v_seen := tenantry_private.stored_amount(v_limits.tenant_id);
                v_rows := v_seen.charged_rows;
                v_bytes := v_seen.charged_bytes;
                v_fits := coalesce(v_seen.stored_rows + p_rows <= v_limits.max_rows, true)
                    AND coalesce(v_seen.stored_bytes + p_bytes <= v_limits.max_bytes, true);
            END IF;
        END IF;
        IF v_fits THEN
            -- What this transaction has deleted makes room for itself, and for others when it has committed.
            PERFORM
                setval(
                    v_limits.row_bound,
                    greatest(v_seen.stored_rows + v_seen.deleted_rows, 0) + v_rows - v_seen.charged_rows + p_rows
                ),
                setval(
                    v_limits.byte_bound,
                    greatest(v_seen.stored_bytes + v_seen.deleted_bytes, 0) + v_bytes - v_seen.charged_bytes + p_bytes
                ),
                setval(v_limits.row_counter, v_rows + p_rows),
                setval(v_limits.byte_counter, v_bytes + p_bytes);
        END IF;
        RAISE EXCEPTION USING ERRCODE = 'TN000';
    EXCEPTION WHEN SQLSTATE 'TN000' THEN
        NULL;
    END;

    IF NOT v_fits THEN
        PERFORM nextval(v_limits.refusal_counter);
        RAISE EXCEPTION USING
            ERRCODE = 'configuration_limit_exceeded',
            MESSAGE = 'storage quota reached',
            HINT = 'Delete rows of the tenant, or ask for a higher quota.';
    END IF;
    RETURN true;
END
$$;

COMMENT ON FUNCTION tenantry_private.charge_storage(uuid, bigint, bigint) IS 'charge rows and bytes to a tenant, or refuse them';
REVOKE ALL ON FUNCTION tenantry_private.charge_storage(uuid, bigint, bigint) FROM PUBLIC;
