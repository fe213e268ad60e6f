-- The column that one of our policies compares, beside the tenant, NULL where the table has no such policy. Read from the policy's
-- dependencies, so it follows a renamed column, and needs no register that could disagree with the catalog.
CREATE OR REPLACE FUNCTION tenantry.policy_column(p_table regclass, p_policy name)
RETURNS name
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (
        SELECT a.attname
        FROM pg_policy AS p
        INNER JOIN pg_depend AS d
            ON d.classid = 'pg_policy'::regclass AND d.objid = p.oid
                AND d.refclassid = 'pg_class'::regclass AND d.refobjid = p.polrelid AND d.refobjsubid > 0
        INNER JOIN pg_attribute AS a ON a.attrelid = p.polrelid AND a.attnum = d.refobjsubid
        WHERE p.polrelid = p_table AND p.polname = p_policy AND (a.atttypid = 'uuid'::regtype) = (p_policy = 'tenantry_isolation')
        LIMIT 1
    );
END
$$;

COMMENT ON FUNCTION tenantry.policy_column(regclass, name) IS 'the column that a policy of a protected table compares';
REVOKE ALL ON FUNCTION tenantry.policy_column(regclass, name) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.policy_column(regclass, name) TO tenantry_admin, tenantry_auditor;
