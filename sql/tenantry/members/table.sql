-- Which role a user has in a tenant, as far as an admin has registered it. Users are named as the application names them.
CREATE TABLE tenantry_private.members (
    tenant_id uuid NOT NULL,
    user_id text NOT NULL,
    role text NOT NULL,
    added_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    CONSTRAINT members_tenant_id_user_id_pkey PRIMARY KEY (tenant_id, user_id),
    CONSTRAINT members_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenantry.tenants (tenant_id) ON DELETE CASCADE,
    CONSTRAINT members_user_id_check CHECK (
        pg_catalog.length(user_id) OPERATOR(pg_catalog.>) 0 AND pg_catalog.length(user_id) OPERATOR(pg_catalog.<=) 255
    )
);

COMMENT ON TABLE tenantry_private.members IS 'registered users of the tenants and their roles';
REVOKE ALL ON TABLE tenantry_private.members FROM PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('tenantry_private.members', '');
