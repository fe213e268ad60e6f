-- TNT708: managed schemas that nothing watches, because the guard is off or its event triggers are gone or disabled, and those
-- that somebody may keep it from watching.
CREATE OR REPLACE FUNCTION tenantry_private.check_guard()
RETURNS TABLE (code text, object text, detail text, remedy text)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        'TNT708',
        'guard',
        format('%s is managed, and %s', string_agg(quote_ident(m.schema_name), ', ' ORDER BY m.schema_name), g.fault),
        g.remedy
    FROM tenantry_private.managed_schemas AS m
    CROSS JOIN (
        SELECT
            CASE
                WHEN tenantry.guard_mode() = 'off' THEN 'the guard is off'
                ELSE 'the event triggers of the guard are missing or disabled'
            END AS fault,
            CASE
                WHEN tenantry_private.has_event_triggers() THEN 'SELECT tenantry.set_guard(''enforce'');'
                ELSE '-- A superuser: ALTER EVENT TRIGGER tenantry_note_commands ENABLE ALWAYS; the same of tenantry_note_drops. From PostgreSQL 17 on also ALTER SYSTEM RESET event_triggers; SELECT pg_reload_conf();'
            END AS remedy
        WHERE tenantry.guard_mode() = 'off' OR NOT tenantry_private.has_event_triggers()
        UNION ALL
        SELECT
            format('%s may switch all event triggers off', tenantry_private.grantee_name(x.grantee)),
            format('REVOKE SET, ALTER SYSTEM ON PARAMETER event_triggers FROM %s;', tenantry_private.grantee_name(x.grantee))
        FROM pg_parameter_acl AS p
        CROSS JOIN LATERAL aclexplode(p.paracl) AS x
        LEFT JOIN pg_roles AS r ON x.grantee = r.oid
        WHERE p.parname = 'event_triggers' AND r.rolsuper IS NOT true
        UNION ALL
        SELECT
            format('sessions of %s begin with all event triggers off', coalesce(quote_ident(r.rolname), 'every role')),
            concat(
                'ALTER ROLE ', coalesce(quote_ident(r.rolname), 'ALL'), ' IN DATABASE ' || quote_ident(b.datname), ' RESET event_triggers;'
            )
        FROM pg_db_role_setting AS s
        LEFT JOIN pg_roles AS r ON s.setrole = r.oid
        LEFT JOIN pg_database AS b ON s.setdatabase = b.oid
        WHERE (s.setdatabase = 0 OR b.datname = current_database())
            AND EXISTS (
                SELECT FROM unnest(s.setconfig) AS c
                WHERE split_part(c, '=', 1) = 'event_triggers' AND NOT split_part(c, '=', 2)::boolean
            )
    ) AS g
    GROUP BY g.fault, g.remedy;
$$;

COMMENT ON FUNCTION tenantry_private.check_guard() IS 'find managed schemas that nothing watches';
REVOKE ALL ON FUNCTION tenantry_private.check_guard() FROM PUBLIC;
