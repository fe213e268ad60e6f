-- Whose rows a tenant may read beside its own, table by table. What is shared is a container's rows: those of a collection,
-- or of the provider, whose own container stands for all its collections too.
-- The grantee is no foreign key: whether it exists is not to be learnt by sharing with it.
-- A share of a table that has been dropped is left out of a dump: its number might become another table's.
CREATE TABLE tenantry_private.shares (
    share_id uuid NOT NULL DEFAULT pg_catalog.gen_random_uuid(),
    grantee_tenant_id uuid NOT NULL,
    table_name regclass NOT NULL,
    collection_id uuid NOT NULL,
    owner_tenant_id uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    CONSTRAINT shares_share_id_pkey PRIMARY KEY (share_id),
    CONSTRAINT shares_grantee_tenant_id_table_name_collection_id_key UNIQUE (grantee_tenant_id, table_name, collection_id),
    CONSTRAINT shares_collection_id_fkey FOREIGN KEY (collection_id) REFERENCES tenantry.tenants (tenant_id) ON DELETE CASCADE,
    CONSTRAINT shares_owner_tenant_id_fkey FOREIGN KEY (owner_tenant_id) REFERENCES tenantry.tenants (tenant_id) ON DELETE CASCADE
);
CREATE INDEX shares_collection_id_idx ON tenantry_private.shares (collection_id);
CREATE INDEX shares_owner_tenant_id_idx ON tenantry_private.shares (owner_tenant_id);

COMMENT ON TABLE tenantry_private.shares IS 'which tenant may read which rows of another';
REVOKE ALL ON TABLE tenantry_private.shares FROM PUBLIC;
SELECT pg_catalog.pg_extension_config_dump(
    'tenantry_private.shares',
    'WHERE EXISTS (SELECT FROM pg_catalog.pg_class AS c WHERE c.oid OPERATOR(pg_catalog.=) table_name)'
);

-- What the grantee has accepted. Nobody's rows are read before, or strangers could put theirs among the results of its
-- searches. In rows of its own, which the grantee writes, so that it never holds a lock that an owner waits for who takes a
-- share back; of a share that is gone, one says nothing.
CREATE TABLE tenantry_private.accepted_shares (
    share_id uuid NOT NULL,
    grantee_tenant_id uuid NOT NULL,
    accepted_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    CONSTRAINT accepted_shares_share_id_pkey PRIMARY KEY (share_id),
    CONSTRAINT accepted_shares_grantee_tenant_id_fkey
    FOREIGN KEY (grantee_tenant_id) REFERENCES tenantry.tenants (tenant_id) ON DELETE CASCADE
);
CREATE INDEX accepted_shares_grantee_tenant_id_idx ON tenantry_private.accepted_shares (grantee_tenant_id);

COMMENT ON TABLE tenantry_private.accepted_shares IS 'shares that the grantee reads';
REVOKE ALL ON TABLE tenantry_private.accepted_shares FROM PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('tenantry_private.accepted_shares', '');
