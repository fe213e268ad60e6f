-- All that the current context says, in one verification; every field NULL outside a context. The key's limit is
-- not part of a context and stays NULL here.
CREATE OR REPLACE FUNCTION tenantry.current_identity()
RETURNS tenantry.identity
LANGUAGE plpgsql
STABLE
PARALLEL RESTRICTED
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_fields CONSTANT text[] := tenantry_private.verified_context();
    v_identity tenantry.identity;
BEGIN
    v_identity.tenant_id := v_fields[1]::uuid;
    v_identity.user_id := convert_from(decode(nullif(v_fields[8], ''), 'hex'), 'UTF8');
    v_identity.role := v_fields[6];
    v_identity.clearance := v_fields[5];
    v_identity.key_id := nullif(v_fields[7], '')::uuid;
    -- The eight bytes of timestamptz_send count microseconds from 2000-01-01.
    v_identity.expires_at := timestamptz '2000-01-01 00:00:00+00'
        + ('x' || v_fields[3])::bit(64)::bigint * interval '1 microsecond';
    RETURN v_identity;
END
$$;

COMMENT ON FUNCTION tenantry.current_identity() IS 'everything that the current context says';
REVOKE ALL ON FUNCTION tenantry.current_identity() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.current_identity() TO tenantry_admin, tenantry_app, tenantry_gateway, tenantry_auditor;
