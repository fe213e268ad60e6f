-- Take our policies off one table or partition.
CREATE OR REPLACE FUNCTION tenantry.detach_policies(p_relation regclass)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_policy name;
BEGIN
    FOR v_policy IN
        SELECT p.polname
        FROM pg_policy AS p
        WHERE p.polrelid = p_relation AND p.polname ~ '^tenantry_(permission|(isolation|access)(_insert|_update|_delete)?)$'
    LOOP
        EXECUTE format('DROP POLICY %I ON %s', v_policy, p_relation);
    END LOOP;
END
$$;

COMMENT ON FUNCTION tenantry.detach_policies(regclass) IS 'take the tenant policies off one relation';
REVOKE ALL ON FUNCTION tenantry.detach_policies(regclass) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.detach_policies(regclass) TO tenantry_admin;
