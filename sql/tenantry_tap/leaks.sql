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
    v_of_b CONSTANT text := format('%I::text = %L', v_tenant_column, p_tenant_b);
    v_count CONSTANT text := format('SELECT count(*) FROM %s WHERE %s', p_table, v_of_b);
    v_digest CONSTANT text := format(
        'SELECT md5(string_agg(concat(t.tableoid, t.ctid, t), '','' ORDER BY t.tableoid, t.ctid)) FROM %s AS t WHERE t.%s', p_table, v_of_b
    );
    v_column name;
    v_columns text;
    v_copy text;
    v_before text;
    v_relation record;
    v_attempt record;
    v_other record;
    v_leaks text[] := ARRAY[]::text[];
BEGIN
    -- Not to be taken for a refusal later on.
    PERFORM tenantry_tap.take_context(p_tenant_a), tenantry_tap.take_context(p_tenant_b);

    SELECT string_agg(r.rolname, ', ') INTO v_copy
    FROM pg_roles AS r
    WHERE pg_has_role(p_role, r.oid, 'MEMBER')
        AND (r.rolsuper OR r.rolbypassrls OR r.oid = (SELECT c.relowner FROM pg_class AS c WHERE c.oid = p_table));
    IF v_copy IS NOT NULL THEN
        v_leaks := v_leaks || format('%s may act as %s, whom no policy binds, or who may drop it', p_role, v_copy);
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

    -- Reading: the table, its partitions, and without a context.
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

    -- Writing, judged by B's rows as B itself finds them.
    SELECT a.answer INTO v_before FROM tenantry_tap.attempt(p_role, p_tenant_b, '{}', v_digest, p_tenant_b) AS a;
    SELECT a.attname INTO v_column
    FROM pg_attribute AS a
    WHERE a.attrelid = p_table AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' AND a.attidentity <> 'a'
        AND has_column_privilege(p_role, p_table, a.attnum, 'UPDATE')
    ORDER BY a.attname = v_tenant_column, a.attnum
    LIMIT 1;
    FOR v_other IN
        SELECT *
        FROM (
            VALUES
            ('changes', format('UPDATE %s SET %I = %2$I', p_table, coalesce(v_column, v_tenant_column))),
            ('deletes', format('DELETE FROM %s', p_table)),
            ('changes', format('UPDATE %s SET %I = %2$I WHERE %s', p_table, coalesce(v_column, v_tenant_column), v_of_b)),
            ('deletes', format('DELETE FROM %s WHERE %s', p_table, v_of_b)),
            ('truncates', format('TRUNCATE %s', p_table))
        ) AS t (what, statement)
    LOOP
        SELECT * INTO v_attempt FROM tenantry_tap.attempt(p_role, p_tenant_a, ARRAY[v_other.statement], v_digest, p_tenant_b);
        IF v_attempt.error_code = '00000' AND v_attempt.answer IS DISTINCT FROM v_before THEN
            v_leaks := v_leaks || format('A %s B''s rows: %s', v_other.what, v_other.statement);
        ELSIF v_attempt.error_code LIKE '23%' AND v_other.statement LIKE '%WHERE%' THEN
            -- A constraint speaks of rows that the policy let through.
            v_leaks := v_leaks || format('A reaches B''s rows: %s: %s', v_other.statement, v_attempt.error_message);
        END IF;
    END LOOP;

    SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) INTO v_columns
    FROM pg_attribute AS a
    WHERE a.attrelid = p_table AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
        AND has_column_privilege(p_role, p_table, a.attnum, 'INSERT');
    SELECT a.answer INTO v_copy
    FROM tenantry_tap.attempt(
        p_role, p_tenant_b, '{}', format('SELECT to_jsonb(t) FROM %s AS t WHERE t.%s LIMIT 1', p_table, v_of_b), p_tenant_b
    ) AS a;
    SELECT * INTO v_attempt
    FROM tenantry_tap.attempt(
        p_role, p_tenant_a, ARRAY[
            format(
                'INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE SELECT %2$s FROM jsonb_populate_record(NULL::%1$s, %3$L)',
                p_table, coalesce(v_columns, quote_ident(v_tenant_column)), v_copy
            )
        ]
    );
    IF v_attempt.error_code = '00000' AND v_attempt.row_count > 0 THEN
        v_leaks := v_leaks || 'A inserts a row for B'::text;
    ELSIF v_attempt.error_code LIKE '23%' THEN
        v_leaks := v_leaks || format('no policy refuses A''s copy of a row of B, but a constraint: %s', v_attempt.error_message);
    END IF;
    SELECT * INTO v_attempt
    FROM tenantry_tap.attempt(p_role, p_tenant_a, ARRAY[format('UPDATE %s SET %I = %L', p_table, v_tenant_column, p_tenant_b)]);
    IF (v_attempt.error_code = '00000' AND v_attempt.row_count > 0) OR v_attempt.error_code LIKE '23%' THEN
        v_leaks := v_leaks || 'A gives its rows to B'::text;
    END IF;

    -- Views: what A sees may not depend on B's rows. No policy works in a materialized view.
    FOR v_relation IN
        WITH RECURSIVE above AS (
            SELECT r AS relation FROM tenantry.relations_of(p_table) AS r
            UNION
            SELECT w.ev_class
            FROM above AS o
            INNER JOIN pg_depend AS d
                ON d.refclassid = 'pg_class'::regclass AND d.refobjid = o.relation AND d.classid = 'pg_rewrite'::regclass
            INNER JOIN pg_rewrite AS w ON d.objid = w.oid
        )

        SELECT c.oid::regclass AS name, c.relkind = 'm' AS is_materialized
        FROM above AS o
        INNER JOIN pg_class AS c ON o.relation = c.oid
        WHERE c.relkind IN ('v', 'm') AND has_schema_privilege(p_role, c.relnamespace, 'USAGE')
            AND has_any_column_privilege(p_role, c.oid, 'SELECT')
        ORDER BY 1
    LOOP
        IF v_relation.is_materialized THEN
            v_leaks := v_leaks || format('A reads every tenant''s rows from materialized view %s', v_relation.name);
            CONTINUE;
        END IF;
        v_copy := format('SELECT md5(string_agg(v::text, '','' ORDER BY v::text)) FROM %s AS v', v_relation.name);
        SELECT * INTO v_attempt FROM tenantry_tap.attempt(p_role, p_tenant_a, '{}', v_copy);
        SELECT * INTO v_other
        FROM tenantry_tap.attempt(
            p_role, p_tenant_a, '{}', v_copy,
            p_preparation => format('DELETE FROM %s WHERE %s', p_table, v_of_b), p_preparing => p_tenant_b
        );
        IF v_other.error_code <> '00000' THEN
            v_leaks := v_leaks || format('nothing is proved of view %s: %s', v_relation.name, v_other.error_message);
        ELSIF v_attempt.answer IS DISTINCT FROM v_other.answer THEN
            v_leaks := v_leaks || format('A sees B''s rows through view %s', v_relation.name);
        END IF;
    END LOOP;
    RETURN v_leaks;
END
$$;

COMMENT ON FUNCTION tenantry_tap.leaks(regclass, uuid, uuid, name) IS 'what a tenant gets of another''s rows in a table';
REVOKE ALL ON FUNCTION tenantry_tap.leaks(regclass, uuid, uuid, name) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry_tap.leaks(regclass, uuid, uuid, name) TO tenantry_admin;
