-- What tenantry's own routines, tables, triggers and policies are now, as a digest each. A digest of what PostgreSQL has deparsed
-- can be compared within one major version alone.
CREATE OR REPLACE FUNCTION tenantry_private.own_definitions()
RETURNS TABLE (object text, definition text, is_deparsed boolean)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
SET quote_all_identifiers = off
AS $$
    WITH members AS (
        SELECT d.classid, d.objid
        FROM pg_depend AS d
        INNER JOIN pg_extension AS e ON d.refobjid = e.oid
        WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND e.extname = 'tenantry'
    ),

    relations AS (
        SELECT
            c.oid, c.oid::regclass::text AS name, c.relkind, c.relowner::regrole AS owner, c.relrowsecurity, c.relforcerowsecurity,
            c.reloptions
        FROM members AS m
        INNER JOIN pg_class AS c ON m.classid = 'pg_class'::regclass AND m.objid = c.oid
    ),

    parts AS (
        SELECT
            p.oid::regprocedure::text AS object,
            concat_ws(
                '|', p.prosrc, pg_get_function_sqlbody(p.oid), p.proowner::regrole, p.prolang, p.prokind, p.prosecdef, p.proleakproof,
                p.proisstrict, p.provolatile, p.proparallel, p.proconfig
            ) AS definition,
            p.prosqlbody IS NOT NULL AS is_deparsed
        FROM members AS m
        INNER JOIN pg_proc AS p ON m.classid = 'pg_proc'::regclass AND m.objid = p.oid
        UNION ALL
        SELECT
            r.name, concat_ws('|', r.relkind, r.owner, r.relrowsecurity, r.relforcerowsecurity, r.reloptions, CASE
                WHEN r.relkind = 'v' THEN pg_get_viewdef(r.oid) END),
            r.relkind = 'v'
        FROM relations AS r
        UNION ALL
        SELECT format('trigger %I on %s', t.tgname, r.name), concat_ws('|', pg_get_triggerdef(t.oid), t.tgenabled), false
        FROM relations AS r
        INNER JOIN pg_trigger AS t ON r.oid = t.tgrelid
        WHERE NOT t.tgisinternal
        UNION ALL
        SELECT
            format('policy %I on %s', p.polname, r.name),
            concat_ws(
                '|', p.polcmd, p.polpermissive,
                ARRAY(SELECT g.rolname FROM pg_roles AS g WHERE g.oid = ANY (p.polroles) ORDER BY g.rolname),
                pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)
            ),
            true
        FROM relations AS r
        INNER JOIN pg_policy AS p ON r.oid = p.polrelid
    )

    SELECT p.object, encode(sha256(textsend(p.definition)), 'hex'), p.is_deparsed FROM parts AS p;
$$;

COMMENT ON FUNCTION tenantry_private.own_definitions() IS 'digests of what tenantry is made of';
REVOKE ALL ON FUNCTION tenantry_private.own_definitions() FROM PUBLIC;
