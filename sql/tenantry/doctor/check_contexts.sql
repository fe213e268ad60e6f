-- TNT701, TNT704 to TNT706: how contexts are believed, for how long, and which keys sign them.
CREATE OR REPLACE FUNCTION tenantry_private.check_contexts()
RETURNS TABLE (code text, object text, detail text, remedy text)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        'TNT701',
        'context mode',
        'is setting: one injected set_config reads every tenant',
        'SELECT tenantry.set_context_mode(''sealed'');'
    FROM tenantry_private.configuration AS c
    WHERE c.name = 'context_mode' AND c.value = 'setting'
    UNION ALL
    SELECT
        'TNT704',
        'context lifetime',
        format('is %s: so long does an open transaction act for a key that was revoked meanwhile', c.value::interval),
        'SELECT tenantry.set_context_lifetime(''1 hour'');'
    FROM tenantry_private.configuration AS c
    WHERE c.name = 'context_lifetime' AND c.value::interval > interval '1 day'
    UNION ALL
    SELECT
        'TNT705',
        'signing keys',
        CASE
            WHEN k.is_current THEN format('the current one signs since %s', to_char(k.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD'))
            ELSE format(
                'one of %s still verifies, though another has signed since %s', to_char(k.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD'),
                to_char(n.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD')
            )
        END,
        'SELECT tenantry.rotate_context_key();'
    FROM tenantry_private.signing_keys AS k
    INNER JOIN tenantry_private.signing_keys AS n ON n.is_current
    WHERE (k.is_current AND k.created_at < now() - interval '1 year') OR (NOT k.is_current AND n.created_at < now() - interval '30 days')
    UNION ALL
    SELECT
        'TNT706',
        l.login_role,
        'may open contexts for its session, and has no limit of connections: a pool would pass them from one client to the next',
        format('ALTER ROLE %I CONNECTION LIMIT 5;', l.login_role)
    FROM tenantry_private.session_logins AS l
    INNER JOIN pg_roles AS r ON l.login_role = r.rolname
    WHERE r.rolconnlimit < 0 OR r.rolconnlimit > 20;
$$;

COMMENT ON FUNCTION tenantry_private.check_contexts() IS 'find settings of contexts that weaken them';
REVOKE ALL ON FUNCTION tenantry_private.check_contexts() FROM PUBLIC;
