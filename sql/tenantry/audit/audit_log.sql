-- The trail: who did what and when, one row a statement and tenant, or several where a statement touches more than 1000
-- rows. A row belongs to a tenant's trail, or without a tenant to the system's. It holds no name and no value of a
-- person, and no foreign key, so that it survives the tenant.
--
-- Partitioned by month. Partitions are made when they are needed, in tenantry_private, where nobody reaches them but
-- through this table; indexes are theirs, because a restored dump would make those of this table twice.
CREATE TABLE tenantry.audit_log (
    tenant_id uuid,
    occurred_at timestamptz NOT NULL,
    operation text NOT NULL,
    table_name text,
    row_count bigint,
    row_keys text[],
    changed_columns text[],
    details jsonb,
    member_digest bytea,
    key_id uuid,
    role text,
    login text NOT NULL,
    transaction_id xid8 NOT NULL,
    lane uuid NOT NULL,
    position bigint NOT NULL,
    hash bytea NOT NULL
) PARTITION BY RANGE (occurred_at);

COMMENT ON TABLE tenantry.audit_log IS 'append-only record of what was done, for whom and when; a tenant sees its own rows only';
REVOKE ALL ON TABLE tenantry.audit_log FROM PUBLIC;
GRANT SELECT ON TABLE tenantry.audit_log TO tenantry_admin, tenantry_app, tenantry_gateway, tenantry_auditor;
SELECT pg_catalog.pg_extension_config_dump('tenantry.audit_log', '');

ALTER TABLE tenantry.audit_log ENABLE ROW LEVEL SECURITY;

CREATE POLICY audit_log_operator ON tenantry.audit_log
FOR SELECT TO tenantry_admin, tenantry_auditor
USING (true);

CREATE POLICY audit_log_own ON tenantry.audit_log
FOR SELECT TO tenantry_app, tenantry_gateway
USING (
    tenant_id OPERATOR(pg_catalog.=) (SELECT tenantry.current_tenant())
    AND (SELECT tenantry.claimed_tenant()) OPERATOR(pg_catalog.=) tenant_id
);
