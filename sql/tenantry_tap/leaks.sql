-- What tenant A gets of tenant B's rows in a table, as a role of the application: one line a leak, empty for none. Each attack is
-- run and undone. Both tenants need a row in the table: where B could not be seen by itself, nothing would be proved.
CREATE OR REPLACE FUNCTION tenantry_tap.leaks(p_table regclass, p_tenant_a uuid, p_tenant_b uuid, p_role name)
RETURNS text[]
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET quote_all_identifiers = off
AS $$
DECLARE
    v_tenant_column CONSTANT name := coalesce(tenantry.policy_column(p_table, 'tenantry_isolation'), 'tenant_id');
    v_unbound text;
    v_attempt record;
    v_other record;
    v_leaks text[] := ARRAY[]::text[];
BEGIN
    -- Not to be taken for a refusal later on.
    PERFORM tenantry_tap.take_context(p_tenant_a), tenantry_tap.take_context(p_tenant_b);

    SELECT string_agg(r.rolname, ', ') INTO v_unbound
    FROM pg_roles AS r
    WHERE pg_has_role(p_role, r.oid, 'MEMBER')
        AND (r.rolsuper OR r.rolbypassrls OR r.oid = (SELECT c.relowner FROM pg_class AS c WHERE c.oid = p_table));
    IF v_unbound IS NOT NULL THEN
        v_leaks := v_leaks || format('%s may act as %s, whom no policy binds, or who may drop it', p_role, v_unbound);
    END IF;

    -- The positive case.
    FOR v_other IN SELECT * FROM (VALUES ('A', p_tenant_a), ('B', p_tenant_b)) AS t (name, tenant) LOOP
        SELECT * INTO v_attempt
        FROM tenantry_tap.attempt(
            p_role, v_other.tenant, '{}', format('SELECT count(*) FROM %s WHERE %I::text = %L', p_table, v_tenant_column, v_other.tenant)
        );
        IF v_attempt.answer IS NULL THEN
            RETURN v_leaks || format('nothing is proved: tenant %s cannot read the table: %s', v_other.name, v_attempt.error_message);
        ELSIF v_attempt.answer = '0' THEN
            RETURN v_leaks || format('nothing is proved: tenant %s sees no row of its own; insert one first', v_other.name);
        END IF;
    END LOOP;

    RETURN v_leaks
        || tenantry_tap.read_leaks(p_table, v_tenant_column, p_tenant_a, p_tenant_b, p_role)
        || tenantry_tap.write_leaks(p_table, v_tenant_column, p_tenant_a, p_tenant_b, p_role)
        || tenantry_tap.view_leaks(p_table, v_tenant_column, p_tenant_a, p_tenant_b, p_role);
END
$$;

COMMENT ON FUNCTION tenantry_tap.leaks(regclass, uuid, uuid, name) IS 'what a tenant gets of another''s rows in a table';
REVOKE ALL ON FUNCTION tenantry_tap.leaks(regclass, uuid, uuid, name) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry_tap.leaks(regclass, uuid, uuid, name) TO tenantry_admin;
