-- Note that a key was used, at most once a minute, and never at the expense of the request: a row that another
-- transaction holds is skipped, and a transaction that cannot write, or could fail by writing, leaves it to the next.
CREATE OR REPLACE FUNCTION tenantry_private.note_key_use(p_key uuid)
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF current_setting('transaction_read_only') = 'off' AND current_setting('transaction_isolation') = 'read committed' THEN
        UPDATE tenantry_private.api_key_uses AS u
        SET last_used_at = clock_timestamp()
        FROM (SELECT s.key_id FROM tenantry_private.api_key_uses AS s WHERE s.key_id = p_key FOR NO KEY UPDATE SKIP LOCKED) AS free
        WHERE u.key_id = free.key_id;
    END IF;
END
$$;

COMMENT ON FUNCTION tenantry_private.note_key_use(uuid) IS 'note the use of an API key without ever waiting';
REVOKE ALL ON FUNCTION tenantry_private.note_key_use(uuid) FROM PUBLIC;
