-- Who ought to own what the application must not: the role that owns most of the protected tables, or else the database.
CREATE OR REPLACE FUNCTION tenantry_private.custodian()
RETURNS oid
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(
        (
            SELECT w.owner
            FROM tenantry_private.watched_relations() AS w
            INNER JOIN pg_roles AS r ON w.owner = r.oid
            WHERE w.is_protected AND NOT r.rolsuper AND r.oid NOT IN (SELECT a FROM tenantry.application_roles() AS a)
            GROUP BY w.owner
            ORDER BY count(*) DESC, w.owner
            LIMIT 1
        ),
        (SELECT d.datdba FROM pg_database AS d WHERE d.datname = current_database())
    );
$$;

COMMENT ON FUNCTION tenantry_private.custodian() IS 'role to give objects to that the application owns';
REVOKE ALL ON FUNCTION tenantry_private.custodian() FROM PUBLIC;
