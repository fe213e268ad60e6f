-- The partition that a record of a time belongs to. Months are those of UTC. Inlined, hence BEGIN ATOMIC.
CREATE OR REPLACE FUNCTION tenantry_private.audit_partition_name(p_at timestamptz)
RETURNS text
LANGUAGE sql
STABLE
BEGIN ATOMIC
    SELECT pg_catalog.to_char(pg_catalog.timezone('UTC', p_at), '"tenantry_private.audit_log_"YYYY_MM');
END;

COMMENT ON FUNCTION tenantry_private.audit_partition_name(timestamptz) IS 'name of the partition for a time';
REVOKE ALL ON FUNCTION tenantry_private.audit_partition_name(timestamptz) FROM PUBLIC;
