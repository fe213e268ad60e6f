-- One row a customer. Every protected table references it, so a row of an unknown tenant cannot exist
-- and the deletion of a tenant takes its rows along.
CREATE TABLE tenantry.tenants (
    tenant_id uuid NOT NULL DEFAULT pg_catalog.gen_random_uuid(),
    slug text NOT NULL,
    name text NOT NULL,
    status text NOT NULL DEFAULT 'active',
    stripe_customer_id text,
    created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    CONSTRAINT tenants_tenant_id_pkey PRIMARY KEY (tenant_id),
    CONSTRAINT tenants_stripe_customer_id_key UNIQUE (stripe_customer_id),
    CONSTRAINT tenants_slug_check CHECK (slug OPERATOR(pg_catalog.~) '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
    CONSTRAINT tenants_name_check CHECK (pg_catalog.btrim(name) OPERATOR(pg_catalog.<>) ''),
    CONSTRAINT tenants_status_check CHECK (status OPERATOR(pg_catalog.=) ANY(ARRAY['active', 'suspended']))
);
-- Unique in reverse, because an index on the slug itself could be scanned before the policy filters, and EXPLAIN ANALYZE
-- would tell a tenant which other tenants there are. reverse() is not leakproof and has to wait for the policy.
CREATE UNIQUE INDEX tenants_slug_key ON tenantry.tenants (pg_catalog.reverse(slug));

COMMENT ON TABLE tenantry.tenants IS 'the customers of this database; a tenant sees its own row only';
REVOKE ALL ON TABLE tenantry.tenants FROM PUBLIC;
GRANT SELECT, REFERENCES ON TABLE tenantry.tenants TO tenantry_admin;
GRANT SELECT ON TABLE tenantry.tenants TO tenantry_auditor;
GRANT SELECT (tenant_id, slug, name, status, created_at) ON TABLE tenantry.tenants TO tenantry_app, tenantry_gateway;
SELECT pg_catalog.pg_extension_config_dump('tenantry.tenants', '');
