-- Take a lane of a trail and return the place of the row that says where it ends. The lane is one that no other
-- transaction holds, and if there is none, a new one: writers wait only where 64 lanes are all held.
--
-- A repeatable read transaction takes no lane that has moved since its snapshot. A serializable one makes a lane without
-- looking, because what it reads would set it against other writers.
--
-- By the index alone: dead versions of heads make it look more expensive than it is, and everything else slow.
CREATE OR REPLACE FUNCTION tenantry_private.take_audit_head(p_trail uuid)
RETURNS tid
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
SET enable_bitmapscan = off
SET enable_sort = off
AS $$
DECLARE
    v_isolation CONSTANT text := current_setting('transaction_isolation');
    v_lane uuid;
    v_head tid;
BEGIN
    IF v_isolation = 'repeatable read' THEN
        -- A head that the snapshot shows without xmax is still the newest one.
        SELECT l.lane INTO v_lane
        FROM tenantry_private.audit_lanes AS l
        INNER JOIN tenantry_private.audit_heads AS h ON l.lane = h.lane
        WHERE l.trail = p_trail AND h.xmax = '0'::xid
        LIMIT 1
        FOR NO KEY UPDATE OF l SKIP LOCKED;
    ELSIF v_isolation <> 'serializable' THEN
        SELECT l.lane INTO v_lane
        FROM tenantry_private.audit_lanes AS l
        WHERE l.trail = p_trail
        LIMIT 1
        FOR NO KEY UPDATE SKIP LOCKED;
        IF v_lane IS NULL AND (SELECT count(*) FROM tenantry_private.audit_lanes AS l WHERE l.trail = p_trail) >= 64 THEN
            SELECT l.lane INTO v_lane
            FROM tenantry_private.audit_lanes AS l
            WHERE l.trail = p_trail
            ORDER BY random()
            LIMIT 1
            FOR NO KEY UPDATE;
        END IF;
    END IF;

    -- A statement of its own, whose snapshot has what the former holder of the lane has committed; of a repeatable read
    -- transaction it has not, but the head shows an xmax then. The newest version comes first, however many dead ones there are.
    IF v_lane IS NOT NULL THEN
        SELECT h.ctid INTO v_head
        FROM tenantry_private.audit_heads AS h
        WHERE h.lane = v_lane AND (v_isolation <> 'repeatable read' OR h.xmax = '0'::xid)
        ORDER BY h.position DESC
        LIMIT 1;
    END IF;
    IF v_head IS NULL THEN
        INSERT INTO tenantry_private.audit_lanes (trail) VALUES (p_trail) RETURNING lane INTO v_lane;
        INSERT INTO tenantry_private.audit_heads AS h (lane, trail, position, occurred_at, hash)
        VALUES (v_lane, p_trail, 0, clock_timestamp(), '')
        RETURNING h.ctid INTO v_head;
    END IF;
    RETURN v_head;
END
$$;

COMMENT ON FUNCTION tenantry_private.take_audit_head(uuid) IS 'take a lane of a trail that no other transaction holds';
REVOKE ALL ON FUNCTION tenantry_private.take_audit_head(uuid) FROM PUBLIC;
