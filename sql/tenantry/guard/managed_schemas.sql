-- The managed schemas. Reads with its owner's rights, for tenantry_private is closed.
CREATE OR REPLACE VIEW tenantry.managed_schemas AS
SELECT
    m.schema_name,
    m.managed_by,
    m.managed_at
FROM tenantry_private.managed_schemas AS m;

COMMENT ON VIEW tenantry.managed_schemas IS 'schemas in which everything has to be protected or exempt';
REVOKE ALL ON TABLE tenantry.managed_schemas FROM PUBLIC;
GRANT SELECT ON TABLE tenantry.managed_schemas TO tenantry_admin, tenantry_auditor;
