-- Where every lane of a tenant's trail, or of all trails and the system's, ends now. Kept where the database's superusers
-- cannot reach it, it lets verify_audit_anchor() tell later whether anything up to here was rewritten.
CREATE OR REPLACE FUNCTION tenantry.export_audit_anchor(p_tenant uuid DEFAULT NULL)
RETURNS jsonb
LANGUAGE sql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT jsonb_build_object(
        'version', 1,
        'exported_at', to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        'lanes', coalesce(jsonb_agg(jsonb_build_object(
            'tenant_id', nullif(h.trail, 'ffffffff-ffff-ffff-ffff-ffffffffffff'),
            'lane', h.lane,
            'position', h.position,
            'hash', encode(h.hash, 'hex'),
            'occurred_at', to_char(h.occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
        ) ORDER BY h.trail, h.lane), '[]')
    )
    FROM tenantry_private.audit_heads AS h
    WHERE (p_tenant IS NULL OR h.trail = p_tenant) AND h.position > 0;
$$;

COMMENT ON FUNCTION tenantry.export_audit_anchor(uuid) IS 'where the lanes of the audit log end now, to be kept elsewhere';
REVOKE ALL ON FUNCTION tenantry.export_audit_anchor(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.export_audit_anchor(uuid) TO tenantry_admin, tenantry_auditor;
