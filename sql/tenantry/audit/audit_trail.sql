-- The audit log with the members that its digests stand for, as long as their tenant lives. Shows whoever asks what the
-- policies of the tables behind it do.
CREATE OR REPLACE VIEW tenantry.audit_trail WITH (security_invoker = true) AS
SELECT
    l.tenant_id,
    l.occurred_at,
    l.operation,
    l.table_name,
    l.row_count,
    l.row_keys,
    l.changed_columns,
    l.details,
    m.member,
    l.key_id,
    l.role,
    l.login,
    l.transaction_id,
    l.lane,
    l.position
FROM tenantry.audit_log AS l
LEFT JOIN tenantry.audit_members AS m
    ON l.tenant_id OPERATOR(pg_catalog.=) m.tenant_id AND l.member_digest OPERATOR(pg_catalog.=) m.member_digest;

COMMENT ON VIEW tenantry.audit_trail IS 'the audit log, with the members in the clear';
REVOKE ALL ON TABLE tenantry.audit_trail FROM PUBLIC;
GRANT SELECT ON TABLE tenantry.audit_trail TO tenantry_admin, tenantry_app, tenantry_gateway, tenantry_auditor;
