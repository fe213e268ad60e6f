-- TNT702: transactions that were laid aside with their context, for any session of the same role to finish.
CREATE OR REPLACE FUNCTION tenantry_private.check_prepared_transactions()
RETURNS TABLE (code text, object text, detail text, remedy text)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        'TNT702',
        format('prepared transaction %L', p.gid),
        format(
            'of %I waits since %s for any session of that role', p.owner, to_char(p.prepared AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI')
        ),
        format('-- COMMIT PREPARED %1$L; or ROLLBACK PREPARED %1$L; as whoever prepared it has decided.', p.gid)
    FROM pg_prepared_xacts AS p
    WHERE p.database = current_database() AND EXISTS (
        SELECT FROM tenantry.application_roles() AS a INNER JOIN pg_roles AS r ON a = r.oid WHERE r.rolname = p.owner
    );
$$;

COMMENT ON FUNCTION tenantry_private.check_prepared_transactions() IS 'find prepared transactions of the application';
REVOKE ALL ON FUNCTION tenantry_private.check_prepared_transactions() FROM PUBLIC;
