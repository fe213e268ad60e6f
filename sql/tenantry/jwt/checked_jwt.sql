-- What a token proves, and if it does not open a context, why. The reason is for admins; who shows a token never learns it.
CREATE TYPE tenantry_private.checked_jwt AS (
    refusal text,
    tenant_id uuid,
    user_id text,
    role text,
    expires_at timestamptz
);

COMMENT ON TYPE tenantry_private.checked_jwt IS 'what a JSON Web Token proves, or why it is refused';
REVOKE ALL ON TYPE tenantry_private.checked_jwt FROM PUBLIC;
