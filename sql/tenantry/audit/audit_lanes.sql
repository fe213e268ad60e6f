-- The chains of a trail. Each lane is a hash chain of its own, so that writers of one tenant do not queue for one end:
-- a transaction takes a lane that no other one holds.
--
-- The row of a lane is locked by who writes to it, and updated by retention alone, so finding a free lane stays cheap
-- however long some snapshot keeps dead rows alive. The end of the chain, which each record moves, is in audit_heads
-- and found from the newest version on. Trails of tenants go by their id, the system's by the highest uuid.
CREATE TABLE tenantry_private.audit_lanes (
    lane uuid NOT NULL DEFAULT pg_catalog.gen_random_uuid(),
    trail uuid NOT NULL,
    kept_after bigint NOT NULL DEFAULT 0,
    kept_after_hash bytea NOT NULL DEFAULT '\x',
    CONSTRAINT audit_lanes_lane_pkey PRIMARY KEY (lane)
);
CREATE INDEX audit_lanes_trail_idx ON tenantry_private.audit_lanes (trail);

COMMENT ON TABLE tenantry_private.audit_lanes IS 'hash chains of the audit log, and from where on their records are kept';
REVOKE ALL ON TABLE tenantry_private.audit_lanes FROM PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('tenantry_private.audit_lanes', '');

-- Where each lane ends. No foreign key: it would cost a lock of the lane's row for each record.
CREATE TABLE tenantry_private.audit_heads (
    lane uuid NOT NULL,
    trail uuid NOT NULL,
    position bigint NOT NULL,
    occurred_at timestamptz NOT NULL,
    hash bytea NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
CREATE INDEX audit_heads_lane_position_idx ON tenantry_private.audit_heads (lane, position DESC);

COMMENT ON TABLE tenantry_private.audit_heads IS 'last position and hash of each lane of the audit log';
REVOKE ALL ON TABLE tenantry_private.audit_heads FROM PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('tenantry_private.audit_heads', '');
