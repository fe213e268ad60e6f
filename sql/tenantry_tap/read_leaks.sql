-- What tenant A reads of tenant B's rows: from the table and its partitions, without a context, and claiming to be B. One line a leak.
CREATE OR REPLACE FUNCTION tenantry_tap.read_leaks(p_table regclass, p_tenant_column name, p_tenant_a uuid, p_tenant_b uuid, p_role name)
RETURNS text[]
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET quote_all_identifiers = off
AS $$
DECLARE
    v_of_b CONSTANT text := format('%I::text = %L', p_tenant_column, p_tenant_b);
    v_count CONSTANT text := format('SELECT count(*) FROM %s WHERE %s', p_table, v_of_b);
    v_relation record;
    v_attempt record;
    v_other record;
    v_leaks text[] := ARRAY[]::text[];
BEGIN
    FOR v_relation IN SELECT r AS name FROM tenantry.relations_of(p_table) AS r LOOP
        SELECT * INTO v_attempt
        FROM tenantry_tap.attempt(p_role, p_tenant_a, '{}', format('SELECT count(*) FROM %s WHERE %s', v_relation.name, v_of_b));
        IF v_attempt.answer <> '0' THEN
            v_leaks := v_leaks || format('A reads %s of B''s rows from %s', v_attempt.answer, v_relation.name);
        END IF;
    END LOOP;
    SELECT * INTO v_attempt FROM tenantry_tap.attempt(p_role, NULL, '{}', v_count);
    IF v_attempt.answer <> '0' THEN
        v_leaks := v_leaks || format('%s of B''s rows are read without a context', v_attempt.answer);
    END IF;

    -- Claiming to be B.
    FOR v_other IN SELECT s AS setting, t AS tenant FROM tenantry_tap.settings_of(p_table) AS s, unnest(ARRAY[p_tenant_a, NULL]) AS t LOOP
        SELECT * INTO v_attempt
        FROM tenantry_tap.attempt(
            p_role, v_other.tenant, ARRAY[format('SELECT set_config(%L, %L, true)', v_other.setting, p_tenant_b)], v_count
        );
        IF v_attempt.answer <> '0' THEN
            v_leaks := v_leaks || format('A reads %s of B''s rows once it has set %s', v_attempt.answer, v_other.setting);
        END IF;
    END LOOP;
    SELECT * INTO v_attempt
    FROM tenantry_tap.attempt(
        p_role, p_tenant_a, ARRAY[
            format(
                'SELECT set_config(''tenantry.context'', replace(current_setting(''tenantry.context'', true), %L, %L), true)',
                p_tenant_a, p_tenant_b
            )
        ], v_count
    );
    IF v_attempt.answer <> '0' THEN
        v_leaks := v_leaks || format('A reads %s of B''s rows by a context that it has forged', v_attempt.answer);
    END IF;
    IF has_function_privilege(p_role, 'tenantry.enter_tenant(uuid, text, text)', 'EXECUTE') THEN
        v_leaks := v_leaks || format('%s enters any tenant without a credential: it is a member of tenantry_gateway', p_role);
    END IF;
    RETURN v_leaks;
END
$$;

COMMENT ON FUNCTION tenantry_tap.read_leaks(regclass, name, uuid, uuid, name) IS 'what a tenant reads of another''s rows';
REVOKE ALL ON FUNCTION tenantry_tap.read_leaks(regclass, name, uuid, uuid, name) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry_tap.read_leaks(regclass, name, uuid, uuid, name) TO tenantry_admin;
