-- TNT408, TNT707: what the application's roles own in this database. Sessions of all tenants are the same role, so one tenant's
-- injected statement may replace what the others run, and large objects are read by all. Not temporary objects.
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
        format('REASSIGN OWNED BY %s TO %s;', o.owner::regrole, tenantry_private.custodian()::regrole)
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
