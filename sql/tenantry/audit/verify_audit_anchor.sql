-- Compare the trail with an anchor that was exported before. No rows mean that everything up to the anchor is as it was
-- then. Problems beside those of verify_audit():
--   rewritten    the record at the anchored position is another one
--   expired      retention has removed it, and the time of the record says that it should have
CREATE OR REPLACE FUNCTION tenantry.verify_audit_anchor(p_anchor jsonb)
RETURNS TABLE (tenant_id uuid, lane uuid, "position" bigint, problem text)
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF p_anchor ->> 'version' IS DISTINCT FROM '1' OR jsonb_typeof(p_anchor -> 'lanes') IS DISTINCT FROM 'array' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'this is no anchor of an audit log',
            HINT = 'Pass what tenantry.export_audit_anchor() returned.';
    END IF;

    RETURN QUERY
    WITH anchors AS (
        SELECT a.*
        FROM jsonb_to_recordset(p_anchor -> 'lanes') AS a (tenant_id uuid, lane uuid, "position" bigint, hash text, occurred_at timestamptz)
    ),

    anchored AS (
        SELECT
            a.tenant_id, a.lane, a.position,
            CASE
                WHEN r.hash IS NOT NULL AND encode(r.hash, 'hex') = a.hash THEN NULL
                WHEN r.hash IS NOT NULL THEN 'rewritten'
                WHEN k.kept_after = a.position AND encode(k.kept_after_hash, 'hex') = a.hash THEN NULL
                WHEN a.occurred_at < (
                    SELECT c.value::timestamptz FROM tenantry_private.configuration AS c WHERE c.name = 'audit_kept_since'
                ) THEN 'expired'
                ELSE 'missing'
            END AS problem
        FROM anchors AS a
        LEFT JOIN tenantry_private.audit_lanes AS k ON a.lane = k.lane
        LEFT JOIN tenantry.audit_log AS r ON a.lane = r.lane AND a.position = r.position AND a.tenant_id IS NOT DISTINCT FROM r.tenant_id
    )

    SELECT DISTINCT ON (p.lane) p.tenant_id, p.lane, p.position, p.problem
    FROM (
        SELECT a.* FROM anchored AS a WHERE a.problem IS NOT NULL
        UNION ALL
        SELECT v.* FROM tenantry.verify_audit() AS v INNER JOIN anchors AS a ON v.lane = a.lane WHERE v.position <= a.position
    ) AS p
    ORDER BY p.lane, p.position;
END
$$;

COMMENT ON FUNCTION tenantry.verify_audit_anchor(jsonb) IS 'what was rewritten of the audit log since an anchor was exported';
REVOKE ALL ON FUNCTION tenantry.verify_audit_anchor(jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.verify_audit_anchor(jsonb) TO tenantry_admin, tenantry_auditor;
