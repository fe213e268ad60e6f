-- TNT512: what harden() closed and is open again: a restore left privileges out, or somebody granted.
CREATE OR REPLACE FUNCTION tenantry_private.check_hardening()
RETURNS TABLE (code text, object text, detail text, remedy text)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        'TNT512',
        h.part,
        format('%s of what harden() closed are open again, %s among them', count(*), min(h.object_name)),
        format(
            'SELECT tenantry.harden(%L);',
            ARRAY(
                SELECT DISTINCT k.part
                FROM tenantry_private.hardening_targets() AS k
                WHERE k.part NOT IN (SELECT o.part FROM tenantry_private.hardened AS o)
                ORDER BY k.part
            )
        )
    FROM tenantry_private.hardened AS h
    INNER JOIN tenantry_private.hardening_targets() AS t ON h.object_name = t.object_name
    WHERE t.is_public
    GROUP BY h.part;
$$;

COMMENT ON FUNCTION tenantry_private.check_hardening() IS 'find what harden() closed and is open again';
REVOKE ALL ON FUNCTION tenantry_private.check_hardening() FROM PUBLIC;
