-- TNT408, TNT707: what the application's roles own in this database. Sessions of all tenants are the same role, so one tenant's
-- injected statement may replace what the others run, and large objects are read by all. Not temporary objects.
--
-- Whoever is given a SECURITY DEFINER routine, a view or a rule gives it his rights, so the remedy hands nothing over that may
-- be a tenant's code. REASSIGN OWNED would: also the temporary routines of sessions that are open. Not all large objects at once:
-- each takes a lock until the end of the transaction, and a tenant can make as many as he likes.
CREATE OR REPLACE FUNCTION tenantry_private.check_application_objects()
RETURNS TABLE (code text, object text, detail text, remedy text)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        CASE WHEN o.is_large_object THEN 'TNT707' ELSE 'TNT408' END,
        o.owner::regrole::text,
        CASE
            WHEN o.is_large_object THEN format('owns %s large objects, which every session of it reads and writes', count(*))
            ELSE format('owns %s%s', min(o.name), CASE WHEN count(*) > 1 THEN format(' and %s more', count(*) - 1) END)
        END,
        CASE
            WHEN o.is_large_object THEN format(
                'DO %L;',
                format(
                    'BEGIN EXECUTE (SELECT string_agg(format(''ALTER LARGE OBJECT %%s OWNER TO %%s'', l.oid, %1$L), ''; '')'
                    ' FROM (SELECT oid FROM pg_largeobject_metadata WHERE lomowner = %2$L::regrole LIMIT 1000) AS l); END',
                    tenantry_private.custodian()::regrole, o.owner::regrole
                )
            )
            ELSE format(
                '-- Read each object, which any tenant may have changed, then ALTER … OWNER TO %s. Not REASSIGN OWNED BY %s: that gives'
                ' the rights of %1$s to temporary SECURITY DEFINER functions of open sessions, too.',
                tenantry_private.custodian()::regrole, o.owner::regrole
            )
        END
    FROM (
        SELECT
            d.refobjid AS owner,
            d.classid = 'pg_largeobject'::regclass AS is_large_object,
            pg_describe_object(d.classid, d.objid, d.objsubid) AS name
        FROM pg_shdepend AS d
        WHERE d.deptype = 'o' AND d.refclassid = 'pg_authid'::regclass
            AND d.refobjid IN (SELECT a FROM tenantry.application_roles() AS a)
            AND (d.dbid = (SELECT b.oid FROM pg_database AS b WHERE b.datname = current_database())
                OR (d.dbid = 0 AND d.classid = 'pg_database'::regclass
                    AND d.objid = (SELECT b.oid FROM pg_database AS b WHERE b.datname = current_database())))
            AND NOT coalesce((pg_identify_object(d.classid, d.objid, d.objsubid)).schema, '') LIKE 'pg_temp%'
            AND NOT (d.classid = 'pg_namespace'::regclass
                AND EXISTS (SELECT FROM pg_namespace AS n WHERE n.oid = d.objid AND n.nspname LIKE 'pg\_%'))
    ) AS o
    GROUP BY o.owner, o.is_large_object;
$$;

COMMENT ON FUNCTION tenantry_private.check_application_objects() IS 'find objects that belong to the application';
REVOKE ALL ON FUNCTION tenantry_private.check_application_objects() FROM PUBLIC;
