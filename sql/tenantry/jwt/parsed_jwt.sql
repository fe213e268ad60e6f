-- A token that has the form of one; nothing in it is verified.
CREATE TYPE tenantry_private.parsed_jwt AS (
    algorithm text,
    kid text,
    issuer text,
    expires_at timestamptz,
    not_before timestamptz,
    issued_at timestamptz,
    jti text,
    payload json,
    claims jsonb,
    signed bytea,
    signature bytea
);

COMMENT ON TYPE tenantry_private.parsed_jwt IS 'a well-formed JSON Web Token, unverified';
REVOKE ALL ON TYPE tenantry_private.parsed_jwt FROM PUBLIC;
