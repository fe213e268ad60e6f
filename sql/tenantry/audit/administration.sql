-- The tables of tenantry's own whose changes are recorded: the tenant's column, '' for the system's trail, and the columns whose
-- values are recorded as well: nothing secret, and no names of people. A test knows which tables are left out and why.
SELECT tenantry.set_audit('tenantry.tenants', true, 'tenant_id', 'status');
SELECT tenantry.set_audit('tenantry_private.members', true, 'tenant_id', 'role');
SELECT tenantry.set_audit(
    'tenantry_private.api_keys', true, 'tenant_id', 'role', 'rate_limit_per_minute', 'expires_at', 'revoked_at'
);
SELECT tenantry.set_audit(
    'tenantry_private.tenant_limits', true, 'tenant_id', 'tokens_per_day', 'tokens_per_month', 'max_rows', 'max_bytes'
);
SELECT tenantry.set_audit('tenantry_private.role_clearances', true, '', 'role', 'clearance', 'may_lower');
SELECT tenantry.set_audit('tenantry_private.session_logins', true, '', 'login_role', 'lifetime');
SELECT tenantry.set_audit('tenantry_private.configuration', true, '', 'name', 'value');
SELECT tenantry.set_audit('tenantry_private.signing_keys', true, '');
SELECT tenantry.set_audit(
    'tenantry_private.jwt_issuers', true, '',
    'issuer', 'tenant_id', 'audience', 'tenant_claim', 'user_claim', 'role_claim', 'default_role', 'leeway', 'members_only'
);
SELECT tenantry.set_audit('tenantry_private.jwt_keys', true, '', 'issuer', 'kid', 'algorithm', 'unpublished_at', 'retired_at');
SELECT tenantry.set_audit('tenantry_private.jwt_organizations', true, 'tenant_id', 'issuer');
SELECT tenantry.set_audit('tenantry_private.jwt_revocations', true, '', 'issuer');
SELECT tenantry.set_audit('tenantry_private.jwt_user_revocations', true, '', 'issuer', 'not_before');
-- A share is on record with both of its tenants, its acceptance with the one that accepts.
SELECT tenantry.set_audit('tenantry_private.shares', true, 'owner_tenant_id', 'table_name');
SELECT tenantry.set_audit('tenantry_private.shares', true, 'grantee_tenant_id', 'table_name');
SELECT tenantry.set_audit('tenantry_private.accepted_shares', true, 'grantee_tenant_id');
SELECT tenantry.set_audit('tenantry_private.managed_schemas', true, '', 'schema_name');
SELECT tenantry.set_audit('tenantry_private.hardened', true, '', 'object_name', 'part');
SELECT tenantry.set_audit('tenantry_private.exempt_relations', true, '', 'relation', 'reason');
SELECT tenantry.set_audit('tenantry_private.exempt_routines', true, '', 'signature', 'reason');
