-- The keys that sign contexts, kept as the two padded blocks of HMAC (RFC 2104) so that signing is two SHA-256 calls.
-- The newest key signs; older ones still verify until the next rotation. Not part of a dump: contexts live no longer
-- than a transaction, and a backup should not carry the key to forge them.
CREATE TABLE tenantry_private.signing_keys (
    signing_key_id text NOT NULL,
    inner_block bytea NOT NULL,
    outer_block bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    CONSTRAINT signing_keys_signing_key_id_pkey PRIMARY KEY (signing_key_id),
    CONSTRAINT signing_keys_inner_block_check CHECK (pg_catalog.length(inner_block) OPERATOR(pg_catalog.=) 64),
    CONSTRAINT signing_keys_outer_block_check CHECK (pg_catalog.length(outer_block) OPERATOR(pg_catalog.=) 64)
);

COMMENT ON TABLE tenantry_private.signing_keys IS 'keys that sign tenant contexts';
REVOKE ALL ON TABLE tenantry_private.signing_keys FROM PUBLIC;
