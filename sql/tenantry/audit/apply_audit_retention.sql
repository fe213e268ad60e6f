-- Drop the months of the audit log that have ended longer ago than p_keep, and return how many. Each lane keeps the hash
-- that its remaining records continue, so they verify as before; lanes of which nothing remains go. Records itself. Makes
-- next month's partition too, so a job that calls this daily is all the care that the log needs.
--
-- Dropping a table of the log waits for all who use it, and all who come to write wait behind. Hence the timeout: rather none
-- dropped today than every tenant stopped by one transaction that stays open.
CREATE OR REPLACE FUNCTION tenantry.apply_audit_retention(p_keep interval)
RETURNS int
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '2s'
AS $$
DECLARE
    -- The session's own zone must not move a month's border.
    v_kept_since CONSTANT timestamp := date_trunc('month', (clock_timestamp() AT TIME ZONE 'UTC') - p_keep);
    v_since CONSTANT timestamptz := v_kept_since AT TIME ZONE 'UTC';
    v_ended uuid[];
    v_partition regclass;
    v_dropped text[] := ARRAY[]::text[];
BEGIN
    -- Compared as it is, -12 mons 390 days is a month, and subtracted it is a time to come.
    IF p_keep IS NULL OR p_keep < interval '1 month'
        OR v_kept_since > date_trunc('month', clock_timestamp() AT TIME ZONE 'UTC' - interval '28 days')
    THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'the audit log is kept for a month at least',
            HINT = 'Pass an interval of one month or more.';
    END IF;
    PERFORM tenantry_private.make_audit_partition(clock_timestamp() + interval '1 month');

    -- The same lock makes partitions, so that none comes while this counts them.
    LOCK TABLE tenantry.audit_log IN SHARE UPDATE EXCLUSIVE MODE;
    IF EXISTS (SELECT FROM tenantry.audit_log AS r WHERE r.occurred_at < v_since) THEN
        UPDATE tenantry_private.audit_lanes AS k
        SET kept_after = r.position, kept_after_hash = r.hash
        FROM (
            SELECT DISTINCT ON (l.lane) l.lane, l.position, l.hash
            FROM tenantry.audit_log AS l
            WHERE l.occurred_at < v_since
            ORDER BY l.lane, l.position DESC
        ) AS r
        WHERE k.lane = r.lane AND k.kept_after < r.position;
    END IF;
    -- Locked first and looked at again, since their last holder may just have written.
    SELECT array_agg(e.lane) INTO v_ended
    FROM (
        SELECT k.lane
        FROM tenantry_private.audit_lanes AS k
        INNER JOIN tenantry_private.audit_heads AS h ON k.lane = h.lane
        WHERE h.position = k.kept_after AND h.position > 0
        FOR UPDATE OF k SKIP LOCKED
    ) AS e;
    DELETE FROM tenantry_private.audit_heads AS h
    USING tenantry_private.audit_lanes AS k
    WHERE h.lane = ANY (v_ended) AND k.lane = h.lane AND h.position = k.kept_after;
    DELETE FROM tenantry_private.audit_lanes AS k
    WHERE k.lane = ANY (v_ended) AND NOT EXISTS (SELECT FROM tenantry_private.audit_heads AS h WHERE h.lane = k.lane);

    FOR v_partition IN
        SELECT i.inhrelid::regclass
        FROM pg_inherits AS i
        WHERE i.inhparent = 'tenantry.audit_log'::regclass
            AND i.inhrelid::regclass::text < tenantry_private.audit_partition_name(v_since)
        ORDER BY i.inhrelid::regclass::text
    LOOP
        v_dropped := v_dropped || v_partition::text;
        EXECUTE format('DROP TABLE %s', v_partition);
    END LOOP;
    IF v_dropped <> '{}' THEN
        PERFORM tenantry_private.set_configuration('audit_kept_since', to_char(v_kept_since, 'YYYY-MM-DD"T"HH24:MI:SS"Z"'));
        PERFORM tenantry_private.write_audit(
            NULL, 'apply_audit_retention', 'tenantry.audit_log', cardinality(v_dropped), p_details => jsonb_build_object('dropped', v_dropped)
        );
    END IF;
    RETURN cardinality(v_dropped);
END
$$;

COMMENT ON FUNCTION tenantry.apply_audit_retention(interval) IS 'drop the months of the audit log that need not be kept any longer';
REVOKE ALL ON FUNCTION tenantry.apply_audit_retention(interval) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.apply_audit_retention(interval) TO tenantry_admin;
