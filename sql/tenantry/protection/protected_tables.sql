-- The protected tables and the state of their protection. A table that lost its policy altogether is not listed.
CREATE OR REPLACE VIEW tenantry.protected_tables WITH (security_invoker = true) AS
SELECT
    t.table_name,
    tenantry.policy_column(t.table_name, 'tenantry_isolation') AS tenant_column,
    tenantry.permission_column(t.table_name) AS permission_column,
    t.gaps OPERATOR(pg_catalog.=) '{}' AS is_whole,
    t.gaps,
    tenantry.is_shared(t.table_name) AS is_shared,
    tenantry.is_audited(t.table_name) AS is_audited
FROM (
    SELECT
        c.oid::pg_catalog.regclass AS table_name,
        tenantry.protection_gaps(c.oid) AS gaps
    FROM pg_catalog.pg_policy AS p
    INNER JOIN pg_catalog.pg_class AS c ON p.polrelid OPERATOR(pg_catalog.=) c.oid
    WHERE p.polname OPERATOR(pg_catalog.=) 'tenantry_isolation' AND NOT c.relispartition
) AS t;

COMMENT ON VIEW tenantry.protected_tables IS 'protected tables, their tenant and permission columns, and gaps in their protection';
REVOKE ALL ON TABLE tenantry.protected_tables FROM PUBLIC;
GRANT SELECT ON TABLE tenantry.protected_tables TO tenantry_admin, tenantry_auditor;
