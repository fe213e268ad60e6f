-- TNT605, TNT606: logical slots and subscriptions of this database. A slot decodes every tenant's changes for whoever has REPLICATION; a
-- subscription writes as its owner.
CREATE OR REPLACE FUNCTION tenantry_private.check_replication()
RETURNS TABLE (code text, object text, detail text, remedy text)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        'TNT605',
        format('replication slot %I', s.slot_name),
        format('decodes every tenant''s changes (%s)', s.plugin),
        format(
            '-- %s. If nobody will read it any more: SELECT pg_drop_replication_slot(%L); a consumer that comes back has lost what changed.',
            CASE WHEN s.active THEN 'It is in use' ELSE 'Nobody reads it now' END, s.slot_name
        )
    FROM pg_replication_slots AS s
    WHERE s.slot_type = 'logical' AND s.database = current_database() AND NOT s.temporary
    UNION ALL
    SELECT
        'TNT606',
        format('subscription %I', s.subname),
        format(
            'writes into %s%s as %s, whatever the tenant', min(w.name), CASE
                WHEN count(*) > 1 THEN format(' and %s more', count(*) - 1) END, s.subowner::regrole
        ),
        format('-- ALTER SUBSCRIPTION %I DISABLE, or let it carry tables without tenants only.', s.subname)
    FROM pg_subscription AS s
    INNER JOIN pg_subscription_rel AS r ON s.oid = r.srsubid
    INNER JOIN tenantry_private.watched_relations() AS w ON r.srrelid = w.relation
    WHERE w.is_protected AND s.subenabled AND s.subdbid = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
    GROUP BY s.subname, s.subowner;
$$;

COMMENT ON FUNCTION tenantry_private.check_replication() IS 'find logical slots, and subscriptions that write into protected tables';
REVOKE ALL ON FUNCTION tenantry_private.check_replication() FROM PUBLIC;
