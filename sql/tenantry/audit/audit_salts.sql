-- What a tenant's digests in the trail are made with. It goes with the tenant, and then nothing leads back from a digest
-- to the member, key or value that it stands for.
CREATE TABLE tenantry_private.audit_salts (
    tenant_id uuid NOT NULL,
    salt bytea NOT NULL DEFAULT tenantry_private.random_bytes(),
    CONSTRAINT audit_salts_tenant_id_pkey PRIMARY KEY (tenant_id),
    CONSTRAINT audit_salts_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenantry.tenants (tenant_id) ON DELETE CASCADE
);

COMMENT ON TABLE tenantry_private.audit_salts IS 'secret that the digests of a tenant in the audit log are made with';
REVOKE ALL ON TABLE tenantry_private.audit_salts FROM PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('tenantry_private.audit_salts', '');

-- Whom a digest stands for, as long as the tenant lives.
CREATE TABLE tenantry.audit_members (
    tenant_id uuid NOT NULL,
    member_digest bytea NOT NULL,
    member text NOT NULL,
    CONSTRAINT audit_members_tenant_id_member_digest_pkey PRIMARY KEY (tenant_id, member_digest),
    CONSTRAINT audit_members_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenantry.tenants (tenant_id) ON DELETE CASCADE
);

COMMENT ON TABLE tenantry.audit_members IS 'members that digests in the audit log stand for; a tenant sees its own rows only';
REVOKE ALL ON TABLE tenantry.audit_members FROM PUBLIC;
GRANT SELECT ON TABLE tenantry.audit_members TO tenantry_admin, tenantry_app, tenantry_gateway, tenantry_auditor;
SELECT pg_catalog.pg_extension_config_dump('tenantry.audit_members', '');

ALTER TABLE tenantry.audit_members ENABLE ROW LEVEL SECURITY;

CREATE POLICY audit_members_operator ON tenantry.audit_members
FOR SELECT TO tenantry_admin, tenantry_auditor
USING (true);

CREATE POLICY audit_members_own ON tenantry.audit_members
FOR SELECT TO tenantry_app, tenantry_gateway
USING (
    tenant_id OPERATOR(pg_catalog.=) (SELECT tenantry.current_tenant())
    AND (SELECT tenantry.claimed_tenant()) OPERATOR(pg_catalog.=) tenant_id
);

-- Old and new values, where an admin chose to keep them. For the tenant alone, at the highest clearance.
CREATE TABLE tenantry.audit_values (
    tenant_id uuid NOT NULL,
    lane uuid NOT NULL,
    position bigint NOT NULL,
    changes jsonb NOT NULL,
    CONSTRAINT audit_values_tenant_id_lane_position_pkey PRIMARY KEY (tenant_id, lane, position),
    CONSTRAINT audit_values_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenantry.tenants (tenant_id) ON DELETE CASCADE
);

COMMENT ON TABLE tenantry.audit_values IS 'old and new values of audited rows; a tenant sees its own at the highest clearance';
REVOKE ALL ON TABLE tenantry.audit_values FROM PUBLIC;
GRANT SELECT ON TABLE tenantry.audit_values TO tenantry_app, tenantry_gateway;
SELECT pg_catalog.pg_extension_config_dump('tenantry.audit_values', '');

ALTER TABLE tenantry.audit_values ENABLE ROW LEVEL SECURITY;

CREATE POLICY audit_values_own ON tenantry.audit_values
FOR SELECT TO tenantry_app, tenantry_gateway
USING (
    tenant_id OPERATOR(pg_catalog.=) (SELECT tenantry.current_tenant())
    AND (SELECT tenantry.claimed_tenant()) OPERATOR(pg_catalog.=) tenant_id
    AND (SELECT tenantry.current_clearance()) OPERATOR(pg_catalog.=) 'RESTRICTED'
);
