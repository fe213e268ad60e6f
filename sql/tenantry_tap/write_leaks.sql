-- What tenant A changes, deletes or adds among tenant B's rows, judged by those rows as B itself finds them. One line a leak.
CREATE OR REPLACE FUNCTION tenantry_tap.write_leaks(p_table regclass, p_tenant_column name, p_tenant_a uuid, p_tenant_b uuid, p_role name)
RETURNS text[]
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET quote_all_identifiers = off
AS $$
DECLARE
    v_of_b CONSTANT text := format('%I::text = %L', p_tenant_column, p_tenant_b);
    v_digest CONSTANT text := format(
        'SELECT md5(string_agg(concat(t.tableoid, t.ctid, t), '','' ORDER BY t.tableoid, t.ctid)) FROM %s AS t WHERE t.%s', p_table, v_of_b
    );
    v_column name;
    v_columns text;
    v_copy text;
    v_before text;
    v_attempt record;
    v_other record;
    v_leaks text[] := ARRAY[]::text[];
BEGIN
    SELECT a.answer INTO v_before FROM tenantry_tap.attempt(p_role, p_tenant_b, '{}', v_digest, p_tenant_b) AS a;
    SELECT a.attname INTO v_column
    FROM pg_attribute AS a
    WHERE a.attrelid = p_table AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' AND a.attidentity <> 'a'
        AND has_column_privilege(p_role, p_table, a.attnum, 'UPDATE')
    ORDER BY a.attname = p_tenant_column, a.attnum
    LIMIT 1;
    FOR v_other IN
        SELECT *
        FROM (
            VALUES
            ('changes', format('UPDATE %s SET %I = %2$I', p_table, coalesce(v_column, p_tenant_column))),
            ('deletes', format('DELETE FROM %s', p_table)),
            ('changes', format('UPDATE %s SET %I = %2$I WHERE %s', p_table, coalesce(v_column, p_tenant_column), v_of_b)),
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
                p_table, coalesce(v_columns, quote_ident(p_tenant_column)), v_copy
            )
        ]
    );
    IF v_attempt.error_code = '00000' AND v_attempt.row_count > 0 THEN
        v_leaks := v_leaks || 'A inserts a row for B'::text;
    ELSIF v_attempt.error_code LIKE '23%' THEN
        v_leaks := v_leaks || format('no policy refuses A''s copy of a row of B, but a constraint: %s', v_attempt.error_message);
    END IF;
    SELECT * INTO v_attempt
    FROM tenantry_tap.attempt(p_role, p_tenant_a, ARRAY[format('UPDATE %s SET %I = %L', p_table, p_tenant_column, p_tenant_b)]);
    IF (v_attempt.error_code = '00000' AND v_attempt.row_count > 0) OR v_attempt.error_code LIKE '23%' THEN
        v_leaks := v_leaks || 'A gives its rows to B'::text;
    END IF;
    RETURN v_leaks;
END
$$;

COMMENT ON FUNCTION tenantry_tap.write_leaks(regclass, name, uuid, uuid, name) IS 'what a tenant writes among another''s rows';
REVOKE ALL ON FUNCTION tenantry_tap.write_leaks(regclass, name, uuid, uuid, name) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry_tap.write_leaks(regclass, name, uuid, uuid, name) TO tenantry_admin;
