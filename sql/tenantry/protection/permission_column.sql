-- The permission column of a protected table, NULL where it has none: what the policy compares or, should the policy be
-- gone, what the trigger beside it does, so that its loss is a gap and not a table without levels.
CREATE OR REPLACE FUNCTION tenantry.permission_column(p_table regclass)
RETURNS name
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (
        SELECT coalesce(
            tenantry.policy_column(p_table, 'tenantry_permission'),
            (
                SELECT a.attname
                FROM pg_trigger AS t
                INNER JOIN pg_depend AS d
                    ON d.classid = 'pg_trigger'::regclass AND d.objid = t.oid
                        AND d.refclassid = 'pg_class'::regclass AND d.refobjid = t.tgrelid AND d.refobjsubid > 0
                INNER JOIN pg_attribute AS a ON a.attrelid = t.tgrelid AND a.attnum = d.refobjsubid
                WHERE t.tgrelid = p_table AND t.tgfoid = 'tenantry.refuse_lowered_level'::regproc
                LIMIT 1
            )
        )
    );
END
$$;

COMMENT ON FUNCTION tenantry.permission_column(regclass) IS 'the permission column of a protected table';
REVOKE ALL ON FUNCTION tenantry.permission_column(regclass) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.permission_column(regclass) TO tenantry_admin, tenantry_auditor;
