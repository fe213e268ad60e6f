-- Refuse to share a table that protect() has not made one to share.
CREATE OR REPLACE FUNCTION tenantry_private.refuse_unshared(p_table regclass)
RETURNS void
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_class AS c WHERE c.oid = p_table AND NOT c.relispartition AND tenantry.is_shared(c.oid)) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('%s is not protected as a shared table', coalesce(p_table::text, 'NULL')),
            HINT = 'As its owner, an admin calls tenantry.protect() with p_shared => true. Of a partition, share its partitioned table.';
    END IF;
END
$$;

COMMENT ON FUNCTION tenantry_private.refuse_unshared(regclass) IS 'refuse a table that is not protected as shared';
REVOKE ALL ON FUNCTION tenantry_private.refuse_unshared(regclass) FROM PUBLIC;
