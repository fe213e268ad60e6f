-- Recompute the hash chains of a tenant's trail, or of all trails and the system's. No rows mean that every lane is whole;
-- otherwise the first record of each lane that is not as it was written, in the order of the chain:
--   altered      the record, or the hash of the one before it, is not what it was
--   missing      there is no record at this position
--   repeated     there are several records at this position
--   beyond       the record lies after the end that the lane has, or before the beginning that retention left
--   values       the values that were kept for the record are not what they were
-- A record whose lane is unknown is beyond the end of it.
CREATE OR REPLACE FUNCTION tenantry.verify_audit(p_tenant uuid DEFAULT NULL)
RETURNS TABLE (tenant_id uuid, lane uuid, "position" bigint, problem text)
LANGUAGE sql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    WITH heads AS (
        SELECT
            h.lane, h.position, h.hash, nullif(h.trail, 'ffffffff-ffff-ffff-ffff-ffffffffffff') AS tenant_id,
            coalesce(k.kept_after, 0) AS kept_after, coalesce(k.kept_after_hash, '') AS kept_after_hash
        FROM tenantry_private.audit_heads AS h
        LEFT JOIN tenantry_private.audit_lanes AS k ON h.lane = k.lane
        WHERE p_tenant IS NULL OR h.trail = p_tenant
    ),

    records AS (
        SELECT
            r.*, coalesce(h.kept_after, 0) AS kept_after, h.position AS head, h.hash AS head_hash, h.lane IS NOT NULL AS has_head,
            coalesce(lag(r.position) OVER w, h.kept_after, 0) AS previous,
            coalesce(lag(r.hash) OVER w, h.kept_after_hash, '') AS previous_hash
        FROM tenantry.audit_log AS r
        LEFT JOIN heads AS h ON r.lane = h.lane
        WHERE p_tenant IS NULL OR r.tenant_id = p_tenant
        WINDOW w AS (PARTITION BY r.lane ORDER BY r.position, r.occurred_at)
    ),

    problems AS (
        SELECT
            r.tenant_id, r.lane,
            CASE WHEN r.position > r.previous + 1 THEN r.previous + 1 ELSE r.position END AS "position",
            CASE
                WHEN r.position <= r.kept_after THEN 'beyond'
                WHEN r.position > r.previous + 1 THEN 'missing'
                WHEN r.position = r.previous THEN 'repeated'
                WHEN r.hash IS DISTINCT FROM tenantry_private.audit_hash(
                    r.previous_hash, r.lane, r.position, r.occurred_at, r.tenant_id, r.operation, r.table_name, r.row_count,
                    r.row_keys, r.changed_columns, r.details, r.member_digest, r.key_id, r.role, r.login, r.transaction_id
                ) THEN 'altered'
                WHEN NOT r.has_head OR r.position > r.head THEN 'beyond'
                WHEN r.position = r.head AND r.hash IS DISTINCT FROM r.head_hash THEN 'altered'
                WHEN v.changes IS NOT NULL AND r.details ->> 'values_digest' IS DISTINCT FROM encode(
                    sha256(s.salt || convert_to(v.changes::text, 'UTF8')), 'hex'
                ) THEN 'values'
                WHEN v.changes IS NULL AND s.salt IS NOT NULL AND r.details ? 'values_digest' THEN 'values'
            END AS problem
        FROM records AS r
        LEFT JOIN tenantry.audit_values AS v ON r.tenant_id = v.tenant_id AND r.lane = v.lane AND r.position = v.position
        LEFT JOIN tenantry_private.audit_salts AS s ON r.tenant_id = s.tenant_id
        UNION ALL
        SELECT h.tenant_id, h.lane, coalesce(l.last, h.kept_after) + 1, 'missing'
        FROM heads AS h
        LEFT JOIN (SELECT r.lane, max(r.position) AS last FROM records AS r GROUP BY r.lane) AS l ON h.lane = l.lane
        WHERE coalesce(l.last, h.kept_after) < h.position
    )

    SELECT DISTINCT ON (p.lane) p.tenant_id, p.lane, p.position, p.problem
    FROM problems AS p
    WHERE p.problem IS NOT NULL
    ORDER BY p.lane, p.position;
$$;

COMMENT ON FUNCTION tenantry.verify_audit(uuid) IS 'the first broken record of each lane of the audit log, none when it is whole';
REVOKE ALL ON FUNCTION tenantry.verify_audit(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.verify_audit(uuid) TO tenantry_admin, tenantry_auditor;
