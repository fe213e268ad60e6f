-- Who may vouch for users by JSON Web Tokens, and which claims of theirs say what. Claims are paths: {app_metadata,role}.
-- An issuer with a tenant of its own vouches for that tenant alone. Without a user claim it is user_id, or else sub.
CREATE TABLE tenantry_private.jwt_issuers (
    issuer text NOT NULL,
    tenant_id uuid,
    audience text[],
    tenant_claim text[],
    user_claim text[],
    role_claim text[],
    default_role text,
    leeway interval NOT NULL,
    members_only boolean NOT NULL,
    has_nested_claims boolean NOT NULL GENERATED ALWAYS AS (
        greatest(pg_catalog.cardinality(tenant_claim), pg_catalog.cardinality(user_claim), pg_catalog.cardinality(role_claim), 1)
        OPERATOR(pg_catalog.>) 1
    ) STORED,
    CONSTRAINT jwt_issuers_issuer_pkey PRIMARY KEY (issuer),
    CONSTRAINT jwt_issuers_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenantry.tenants (tenant_id) ON DELETE CASCADE,
    CONSTRAINT jwt_issuers_tenant_claim_check CHECK (tenant_claim IS NOT NULL OR tenant_id IS NOT NULL)
);
CREATE INDEX jwt_issuers_tenant_id_idx ON tenantry_private.jwt_issuers (tenant_id);

COMMENT ON TABLE tenantry_private.jwt_issuers IS 'issuers whose tokens open contexts, and their claim names';
REVOKE ALL ON TABLE tenantry_private.jwt_issuers FROM PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('tenantry_private.jwt_issuers', '');

-- The keys of an issuer. The algorithm belongs to the key and is never taken from a token. A shared secret is kept as the
-- padded blocks of HMAC, a public key as its JWK without anything private. An admin retires a key for good; one that a
-- newer key set no longer has is unpublished, until it comes back.
CREATE TABLE tenantry_private.jwt_keys (
    issuer text NOT NULL,
    kid text NOT NULL,
    algorithm text NOT NULL,
    inner_block bytea,
    outer_block bytea,
    public_key jsonb,
    added_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    unpublished_at timestamptz,
    retired_at timestamptz,
    CONSTRAINT jwt_keys_issuer_kid_pkey PRIMARY KEY (issuer, kid),
    CONSTRAINT jwt_keys_issuer_fkey FOREIGN KEY (issuer) REFERENCES tenantry_private.jwt_issuers (issuer) ON DELETE CASCADE,
    CONSTRAINT jwt_keys_public_key_check CHECK ((public_key IS NULL) OPERATOR(pg_catalog.=) (inner_block IS NOT NULL)),
    CONSTRAINT jwt_keys_outer_block_check CHECK ((inner_block IS NULL) OPERATOR(pg_catalog.=) (outer_block IS NULL))
);

COMMENT ON TABLE tenantry_private.jwt_keys IS 'keys that verify the tokens of an issuer';
REVOKE ALL ON TABLE tenantry_private.jwt_keys FROM PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('tenantry_private.jwt_keys', '');

-- Which tenant an issuer's organization is, where its tokens do not carry the tenant's id.
CREATE TABLE tenantry_private.jwt_organizations (
    issuer text NOT NULL,
    organization text NOT NULL,
    tenant_id uuid NOT NULL,
    CONSTRAINT jwt_organizations_issuer_organization_pkey PRIMARY KEY (issuer, organization),
    CONSTRAINT jwt_organizations_issuer_fkey
    FOREIGN KEY (issuer) REFERENCES tenantry_private.jwt_issuers (issuer) ON DELETE CASCADE,
    CONSTRAINT jwt_organizations_tenant_id_fkey
    FOREIGN KEY (tenant_id) REFERENCES tenantry.tenants (tenant_id) ON DELETE CASCADE
);
CREATE INDEX jwt_organizations_tenant_id_idx ON tenantry_private.jwt_organizations (tenant_id);

COMMENT ON TABLE tenantry_private.jwt_organizations IS 'tenants of organizations that an issuer names in its own way';
REVOKE ALL ON TABLE tenantry_private.jwt_organizations FROM PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('tenantry_private.jwt_organizations', '');

-- Tokens that are refused although they verify. These tables do not refer to the issuer: one that is removed and added
-- again must not bring back what was revoked.
CREATE TABLE tenantry_private.jwt_revocations (
    issuer text NOT NULL,
    jti text NOT NULL,
    expires_at timestamptz,
    CONSTRAINT jwt_revocations_issuer_jti_pkey PRIMARY KEY (issuer, jti)
);

COMMENT ON TABLE tenantry_private.jwt_revocations IS 'revoked tokens, by jti, until they expire anyway';
REVOKE ALL ON TABLE tenantry_private.jwt_revocations FROM PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('tenantry_private.jwt_revocations', '');

CREATE TABLE tenantry_private.jwt_user_revocations (
    issuer text NOT NULL,
    user_id text NOT NULL,
    not_before timestamptz NOT NULL,
    CONSTRAINT jwt_user_revocations_issuer_user_id_pkey PRIMARY KEY (issuer, user_id)
);

COMMENT ON TABLE tenantry_private.jwt_user_revocations IS 'users whose tokens of before a time are refused';
REVOKE ALL ON TABLE tenantry_private.jwt_user_revocations FROM PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('tenantry_private.jwt_user_revocations', '');
