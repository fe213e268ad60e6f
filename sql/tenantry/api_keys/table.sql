-- API keys. A key is 256 random bits, so a plain hash of it can be neither reversed nor guessed, and looking the hash
-- up in an index gives an attacker, who cannot choose hashes, nothing to time.
CREATE TABLE tenantry_private.api_keys (
    key_id uuid NOT NULL DEFAULT pg_catalog.gen_random_uuid(),
    tenant_id uuid NOT NULL,
    name text NOT NULL,
    role text NOT NULL,
    rate_limit_per_minute int,
    request_counter regclass,
    refusal_counter regclass,
    key_hash bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    expires_at timestamptz,
    lifetime interval,
    revoked_at timestamptz,
    CONSTRAINT api_keys_key_id_pkey PRIMARY KEY (key_id),
    CONSTRAINT api_keys_key_hash_key UNIQUE (key_hash),
    CONSTRAINT api_keys_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenantry.tenants (tenant_id) ON DELETE CASCADE,
    CONSTRAINT api_keys_rate_limit_per_minute_check CHECK (rate_limit_per_minute OPERATOR(pg_catalog.>) 0)
);
CREATE INDEX api_keys_tenant_id_idx ON tenantry_private.api_keys (tenant_id);

COMMENT ON TABLE tenantry_private.api_keys IS 'API keys, by hash';
REVOKE ALL ON TABLE tenantry_private.api_keys FROM PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('tenantry_private.api_keys', '');

-- When a key was last used, to the minute. Apart from the key, so that noting it touches no row that a request reads.
CREATE TABLE tenantry_private.api_key_uses (
    key_id uuid NOT NULL,
    last_used_at timestamptz,
    CONSTRAINT api_key_uses_key_id_pkey PRIMARY KEY (key_id),
    CONSTRAINT api_key_uses_key_id_fkey FOREIGN KEY (key_id) REFERENCES tenantry_private.api_keys (key_id) ON DELETE CASCADE
) WITH (fillfactor = 50);

COMMENT ON TABLE tenantry_private.api_key_uses IS 'when each API key was last used';
REVOKE ALL ON TABLE tenantry_private.api_key_uses FROM PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('tenantry_private.api_key_uses', '');
