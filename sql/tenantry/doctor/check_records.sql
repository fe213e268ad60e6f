-- TNT709, TNT710: tables whose changes nobody records, and records that are kept for long.
CREATE OR REPLACE FUNCTION tenantry_private.check_records()
RETURNS TABLE (code text, object text, detail text, remedy text)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        'TNT709',
        w.name,
        'changes of its rows are not recorded',
        format('SELECT tenantry.set_audit(r, true) FROM tenantry.relations_of(%L) AS r;', w.name)
    FROM tenantry_private.watched_relations() AS w
    WHERE w.is_protected AND NOT w.is_partition AND w.kind IN ('r', 'p') AND NOT tenantry.is_audited(w.relation)
    UNION ALL
    SELECT
        'TNT710',
        'tenantry.audit_log',
        format('keeps %s months, the oldest of them in %s', count(*), min(i.inhrelid::regclass::text)),
        '-- Export an anchor, then SELECT tenantry.apply_audit_retention(''2 years''), which deletes what is older.'
    FROM pg_inherits AS i
    WHERE i.inhparent = 'tenantry.audit_log'::regclass
    HAVING count(*) > 26;
$$;

COMMENT ON FUNCTION tenantry_private.check_records() IS 'find protected tables without an audit trail, and old records';
REVOKE ALL ON FUNCTION tenantry_private.check_records() FROM PUBLIC;
