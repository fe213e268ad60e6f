-- What tenants have spent, by UTC day, model and key; '' is no model, and the UUID of zeros no key. Several rows can stand
-- for the same: a writer takes one that no other holds, so that concurrent transactions of a tenant do not queue.
CREATE TABLE tenantry_private.token_usage (
    tenant_id uuid NOT NULL,
    day date NOT NULL,
    model text NOT NULL,
    key_id uuid NOT NULL,
    requests bigint NOT NULL,
    tokens bigint NOT NULL,
    CONSTRAINT token_usage_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenantry.tenants (tenant_id) ON DELETE CASCADE
) WITH (fillfactor = 50);
CREATE INDEX token_usage_tenant_id_day_model_key_id_idx ON tenantry_private.token_usage (tenant_id, day, model, key_id);

COMMENT ON TABLE tenantry_private.token_usage IS 'tokens that tenants have spent, by day, model and key';
REVOKE ALL ON TABLE tenantry_private.token_usage FROM PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('tenantry_private.token_usage', '');

-- What tenants store, by table; several rows for the same, as above. The charged amounts are what of it, deleted or not,
-- was checked against a limit when it was written: see charge_storage(). The last deleter is the transaction that last took
-- something away in this row, and how much, because that can still be rolled back.
CREATE TABLE tenantry_private.stored_amounts (
    tenant_id uuid NOT NULL,
    table_name regclass NOT NULL,
    stored_rows bigint NOT NULL,
    stored_bytes bigint NOT NULL,
    charged_rows bigint NOT NULL DEFAULT 0,
    charged_bytes bigint NOT NULL DEFAULT 0,
    last_deleter xid8,
    deleted_rows bigint NOT NULL DEFAULT 0,
    deleted_bytes bigint NOT NULL DEFAULT 0,
    CONSTRAINT stored_amounts_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenantry.tenants (tenant_id) ON DELETE CASCADE
) WITH (fillfactor = 50);
CREATE INDEX stored_amounts_tenant_id_table_name_idx ON tenantry_private.stored_amounts (tenant_id, table_name);

COMMENT ON TABLE tenantry_private.stored_amounts IS 'rows and bytes that tenants store, by table';
REVOKE ALL ON TABLE tenantry_private.stored_amounts FROM PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('tenantry_private.stored_amounts', '');
