-- One row a customer. Every protected table references it, so a row of an unknown tenant cannot exist
-- and the deletion of a tenant takes its rows along.
-- A container is no customer: it holds rows that are shared, and nothing authenticates for it. It is the provider's own,
-- with the id of all zeros, or a collection of the tenant that owns it.
CREATE TABLE tenantry.tenants (
    tenant_id uuid NOT NULL DEFAULT pg_catalog.gen_random_uuid(),
    slug text NOT NULL,
    name text NOT NULL,
    status text NOT NULL DEFAULT 'active',
    stripe_customer_id text,
    created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    owner_tenant_id uuid,
    CONSTRAINT tenants_tenant_id_pkey PRIMARY KEY (tenant_id),
    CONSTRAINT tenants_stripe_customer_id_key UNIQUE (stripe_customer_id),
    CONSTRAINT tenants_slug_check CHECK (slug OPERATOR(pg_catalog.~) '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
    CONSTRAINT tenants_name_check CHECK (pg_catalog.btrim(name) OPERATOR(pg_catalog.<>) ''),
    CONSTRAINT tenants_owner_tenant_id_fkey FOREIGN KEY (owner_tenant_id) REFERENCES tenantry.tenants (tenant_id) ON DELETE CASCADE,
    CONSTRAINT tenants_status_check CHECK (status OPERATOR(pg_catalog.=) ANY(ARRAY['active', 'suspended', 'container'])),
    CONSTRAINT tenants_is_container_check CHECK (
        (status OPERATOR(pg_catalog.=) 'container')
        OPERATOR(pg_catalog.=)
        (owner_tenant_id IS NOT NULL OR tenant_id OPERATOR(pg_catalog.=) '00000000-0000-0000-0000-000000000000')
    )
);
-- Unique in reverse, because an index on the slug itself could be scanned before the policy filters, and EXPLAIN ANALYZE
-- would tell a tenant which other tenants there are. reverse() is not leakproof and has to wait for the policy.
CREATE UNIQUE INDEX tenants_slug_key ON tenantry.tenants (pg_catalog.reverse(slug));
CREATE UNIQUE INDEX tenants_owner_tenant_id_name_key
ON tenantry.tenants (owner_tenant_id, pg_catalog.reverse(name)) WHERE owner_tenant_id IS NOT NULL;

COMMENT ON TABLE tenantry.tenants IS 'the customers of this database; a tenant sees its own row only';
REVOKE ALL ON TABLE tenantry.tenants FROM PUBLIC;
GRANT SELECT, DELETE ON TABLE tenantry.tenants TO tenantry_admin;
-- Of what never changes: before PostgreSQL 18, AFTER triggers of a table that follows an update run as whoever makes it.
GRANT REFERENCES (tenant_id) ON TABLE tenantry.tenants TO tenantry_admin;
GRANT SELECT ON TABLE tenantry.tenants TO tenantry_auditor;
GRANT SELECT (tenant_id, slug, name, status, created_at) ON TABLE tenantry.tenants TO tenantry_app, tenantry_gateway;
SELECT pg_catalog.pg_extension_config_dump('tenantry.tenants', '');
