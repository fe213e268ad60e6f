-- Note, once a transaction, an object that the guard looks at when it ends.
CREATE OR REPLACE FUNCTION tenantry_private.note_object(p_class oid, p_object oid)
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF p_object IS NOT NULL THEN
        INSERT INTO tenantry_private.pending_checks (transaction_id, object_class, object_id)
        VALUES (pg_current_xact_id(), p_class, p_object)
        ON CONFLICT DO NOTHING;
    END IF;
END
$$;

COMMENT ON FUNCTION tenantry_private.note_object(oid, oid) IS 'note an object that the guard looks at when the transaction ends';
REVOKE ALL ON FUNCTION tenantry_private.note_object(oid, oid) FROM PUBLIC;
