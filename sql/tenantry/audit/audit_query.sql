-- The query by which audit_changes() sums up the transition tables of a statement: for each tenant, and each 1000 rows,
-- their number, their keys, the columns that changed, and their values where those are recorded.
--
-- It runs as tenantry_owner over tables of others, so nothing in it may call code of theirs: values become text by
-- concat(), that is by the output function of their type, never by a cast, and are compared byte by byte, as records,
-- never by an operator of their type. The tenant's column is a uuid or counts as none: another type could have a cast.
--
-- Keys of integer and uuid columns are shown, others as digests. p_arguments are those of the trigger, on a table of
-- tenantry's own. p_is_single: there is one row, as there mostly is. p_is_mixed: the rows may be of several tenants, and
-- have to be sorted.
CREATE OR REPLACE FUNCTION tenantry_private.audit_query(
    p_relation regclass, p_operation text, p_arguments text[], p_is_single boolean, p_is_mixed boolean
)
RETURNS text
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_side CONSTANT text := CASE p_operation WHEN 'INSERT' THEN 'n' ELSE 'o' END;
    v_tenant_column text := p_arguments[0];
    v_mode text := 'kept';
    v_tenant text;
    v_source text;
    v_key text;
    v_old_key text;
    v_new_key text;
    v_flags text;
    v_changed text;
    v_values text;
    v_changes text;
BEGIN
    IF p_arguments IS NULL THEN
        SELECT
            CASE a.atttypid WHEN 'uuid'::regtype THEN a.attname::text END,
            coalesce((SELECT c.value FROM tenantry_private.configuration AS c WHERE c.name = 'audit_values'), 'none')
        INTO v_tenant_column, v_mode
        FROM pg_policy AS p
        INNER JOIN pg_depend AS d
            ON d.classid = 'pg_policy'::regclass AND p.oid = d.objid
                AND d.refclassid = 'pg_class'::regclass AND p.polrelid = d.refobjid AND d.refobjsubid > 0
        INNER JOIN pg_attribute AS a ON p.polrelid = a.attrelid AND d.refobjsubid = a.attnum
        WHERE p.polrelid = p_relation AND p.polname = 'tenantry_isolation'
        LIMIT 1;
        -- A table that has lost its policy is recorded in the system's trail.
        v_tenant_column := coalesce(v_tenant_column, '');
        v_mode := coalesce(v_mode, 'none');
    END IF;
    v_tenant := CASE WHEN v_tenant_column <> '' THEN format('%s.%I', v_side, v_tenant_column) ELSE 'NULL::uuid' END;

    SELECT string_agg(format(f.form, 'o', a.attname), ', ' ORDER BY k.place), string_agg(format(f.form, 'n', a.attname), ', ' ORDER BY k.place)
    INTO v_old_key, v_new_key
    FROM pg_index AS i
    CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k (attnum, place)
    INNER JOIN pg_attribute AS a ON i.indrelid = a.attrelid AND k.attnum = a.attnum
    CROSS JOIN LATERAL (
        SELECT
            CASE
                WHEN a.atttypid IN ('uuid'::regtype, 'int8'::regtype, 'int4'::regtype, 'int2'::regtype) THEN '%s.%I'
                ELSE 'encode(sha256(s.salt || convert_to(concat(%s.%I), ''UTF8'')), ''hex'')'
            END AS form
    ) AS f
    WHERE i.indrelid = p_relation AND i.indisprimary AND a.attname IS DISTINCT FROM v_tenant_column;

    IF p_operation = 'UPDATE' OR v_mode <> 'none' THEN
        SELECT
            string_agg(format('%s AS c%s', f.has_changed, a.attnum), ', '),
            string_agg(
                format('CASE WHEN %s THEN %L END', CASE WHEN p_is_single THEN f.has_changed ELSE format('bool_or(x.c%s)', a.attnum) END, a.attname),
                ', ' ORDER BY a.attnum
            ),
            string_agg(
                format(
                    '(%L, %s, %s, %s)', a.attname,
                    CASE WHEN p_operation = 'INSERT' THEN 'NULL' ELSE format(f.form, 'o', a.attname) END,
                    CASE WHEN p_operation = 'DELETE' THEN 'NULL' ELSE format(f.form, 'n', a.attname) END,
                    CASE WHEN p_operation = 'UPDATE' THEN f.has_changed ELSE 'true' END
                ), ', '
            ) FILTER (WHERE v_mode <> 'none' AND (p_arguments IS NULL OR a.attname = ANY (p_arguments[1:])))
        INTO v_flags, v_changed, v_values
        FROM pg_attribute AS a
        CROSS JOIN LATERAL (
            SELECT
                format('record_image_ne(ROW(o.%1$I), ROW(n.%1$I))', a.attname) AS has_changed,
                'CASE WHEN num_nulls(%1$s.%2$I) = 0 THEN ' || CASE v_mode
                    WHEN 'hashed' THEN 'encode(sha256(s.salt || convert_to(concat(%1$s.%2$I), ''UTF8'')), ''hex'') END'
                    ELSE 'concat(%1$s.%2$I) END'
                END AS form
        ) AS f
        WHERE a.attrelid = p_relation AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated <> 'v';
    END IF;

    CASE p_operation
        WHEN 'INSERT' THEN
            v_source := 'new_rows AS n';
            v_key := 'concat_ws('','', ' || v_new_key || ')';
        WHEN 'DELETE' THEN
            v_source := 'old_rows AS o';
            v_key := 'concat_ws('','', ' || v_old_key || ')';
        ELSE
            -- Both tables have the rows in the order in which they were updated.
            v_source := CASE
                WHEN p_is_single THEN 'old_rows AS o CROSS JOIN new_rows AS n'
                ELSE '(SELECT row_number() OVER () AS "tenantry row", r.* FROM old_rows AS r) AS o '
                    'FULL JOIN (SELECT row_number() OVER () AS "tenantry row", r.* FROM new_rows AS r) AS n USING ("tenantry row")'
            END;
            v_old_key := 'concat_ws('','', ' || v_old_key || ')';
            v_key := 'concat_ws(''>'', ' || v_old_key || ', nullif(concat_ws('','', ' || v_new_key || '), ' || v_old_key || '))';
            v_changed := 'array_remove(ARRAY[' || v_changed || '], NULL)';
    END CASE;
    IF v_tenant_column <> '' AND concat(v_old_key, v_values) LIKE '%(s.salt %' THEN
        v_source := format('%s LEFT JOIN tenantry_private.audit_salts AS s ON s.tenant_id = %s', v_source, v_tenant);
    END IF;
    IF v_values IS NOT NULL THEN
        v_changes := format(
            '(SELECT jsonb_strip_nulls(jsonb_build_object(''old'', jsonb_object_agg(v.name, v.old_value) FILTER (WHERE %L), '
            '''new'', jsonb_object_agg(v.name, v.new_value) FILTER (WHERE %L))) '
            'FROM (VALUES %s) AS v (name, old_value, new_value, has_changed) WHERE v.has_changed)',
            p_operation <> 'INSERT', p_operation <> 'DELETE', v_values
        );
    END IF;
    IF p_operation <> 'UPDATE' THEN
        v_flags := NULL;
        v_changed := 'NULL::text[]';
    END IF;
    IF v_key IS NULL OR (v_tenant_column = '' AND v_key LIKE '%(s.salt %') THEN
        v_key := 'NULL::text';
    END IF;

    IF p_is_single THEN
        RETURN concat(
            'SELECT ', v_tenant, ' AS tenant_id, 1::bigint AS row_count, nullif(array_remove(ARRAY[', v_key, '], NULL), ''{}'') AS row_keys, ',
            v_changed, ' AS changed_columns, ', coalesce('jsonb_build_array(' || v_changes || ')', 'NULL::jsonb'), ' AS changes, ',
            (v_mode = 'kept' AND p_arguments IS NULL)::text, ' AS is_personal FROM ', v_source
        );
    END IF;
    RETURN concat(
        'SELECT x.tenant_id, count(*) AS row_count, nullif(array_remove(array_agg(x.key), NULL), ''{}'') AS row_keys, ', v_changed, ' AS changed_columns, ',
        CASE WHEN v_changes IS NULL THEN 'NULL::jsonb' ELSE 'jsonb_agg(x.changes)' END, ' AS changes, ',
        (v_mode = 'kept' AND p_arguments IS NULL)::text, ' AS is_personal FROM (SELECT ', v_tenant, ' AS tenant_id, ', v_key, ' AS key, ',
        v_changes || ' AS changes, ', v_flags || ', ',
        '(row_number() OVER (', CASE WHEN p_is_mixed THEN 'PARTITION BY ' || v_tenant END, ') - 1) / 1000 AS block FROM ', v_source,
        ') AS x GROUP BY x.tenant_id, x.block ORDER BY x.tenant_id, x.block'
    );
END
$$;

COMMENT ON FUNCTION tenantry_private.audit_query(regclass, text, text[], boolean, boolean)
IS 'query that sums up what a statement changed, for the audit log';
REVOKE ALL ON FUNCTION tenantry_private.audit_query(regclass, text, text[], boolean, boolean) FROM PUBLIC;
