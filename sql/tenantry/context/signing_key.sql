-- The keys that sign contexts, kept as the two padded blocks of HMAC (RFC 2104) so that signing is two SHA-256 calls.
-- The current key signs; the one before it still verifies, until the next rotation. Not part of a dump: contexts live no longer
-- than a transaction, and a backup should not carry the key to forge them.
CREATE TABLE tenantry_private.signing_keys (
    signing_key_id text NOT NULL,
    inner_block bytea NOT NULL,
    outer_block bytea NOT NULL,
    is_current boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    CONSTRAINT signing_keys_signing_key_id_pkey PRIMARY KEY (signing_key_id),
    CONSTRAINT signing_keys_inner_block_check CHECK (pg_catalog.length(inner_block) OPERATOR(pg_catalog.=) 64),
    CONSTRAINT signing_keys_outer_block_check CHECK (pg_catalog.length(outer_block) OPERATOR(pg_catalog.=) 64)
);
CREATE UNIQUE INDEX signing_keys_is_current_key ON tenantry_private.signing_keys (is_current) WHERE is_current;

COMMENT ON TABLE tenantry_private.signing_keys IS 'keys that sign tenant contexts';
REVOKE ALL ON TABLE tenantry_private.signing_keys FROM PUBLIC;
