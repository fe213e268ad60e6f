-- What a tenant may spend and store, for tenants that have or had a limit, and the counters that hold it. NULL is no limit.
CREATE TABLE tenantry_private.tenant_limits (
    tenant_id uuid NOT NULL,
    tokens_per_day bigint,
    tokens_per_month bigint,
    max_rows bigint,
    max_bytes bigint,
    day_counter regclass NOT NULL,
    month_counter regclass NOT NULL,
    row_counter regclass NOT NULL,
    byte_counter regclass NOT NULL,
    row_bound regclass NOT NULL,
    byte_bound regclass NOT NULL,
    refusal_counter regclass NOT NULL,
    CONSTRAINT tenant_limits_tenant_id_pkey PRIMARY KEY (tenant_id),
    CONSTRAINT tenant_limits_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenantry.tenants (tenant_id) ON DELETE CASCADE
);

COMMENT ON TABLE tenantry_private.tenant_limits IS 'what tenants may spend and store';
REVOKE ALL ON TABLE tenantry_private.tenant_limits FROM PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('tenantry_private.tenant_limits', '');
