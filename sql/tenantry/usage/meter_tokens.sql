-- Charge the tokens in a column of a protected table to the tenant of each row, from now on. Its owner calls this once, and
-- again after adding partitions. A trigger for rows is made for partitions by PostgreSQL, one for statements is not.
CREATE OR REPLACE FUNCTION tenantry.meter_tokens(p_table regclass, p_tokens_column name, p_model_column name DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET quote_all_identifiers = off
AS $$
DECLARE
    v_tenant_column CONSTANT name := tenantry.policy_column(p_table, 'tenantry_isolation');
    v_arguments CONSTANT text := format('%L, %L, %L', v_tenant_column, p_tokens_column, coalesce(p_model_column, ''));
    v_missing name;
    v_type regtype;
    v_relation regclass;
BEGIN
    IF v_tenant_column IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('%s is not protected', p_table),
            HINT = 'tenantry.protected_tables lists the protected tables.';
    END IF;
    SELECT n.name INTO v_missing
    FROM unnest(ARRAY[coalesce(p_tokens_column, ''), p_model_column]) AS n (name)
    WHERE n.name IS NOT NULL AND NOT EXISTS (
        SELECT FROM pg_attribute AS a
        WHERE a.attrelid = p_table AND a.attname = n.name AND a.attnum > 0 AND NOT a.attisdropped
    );
    IF FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_column',
            MESSAGE = format('%s has no column "%s" to meter', p_table, v_missing),
            HINT = 'Name the column that holds the number of tokens, and, if there is one, the column that holds the model.';
    END IF;

    SELECT a.atttypid::regtype INTO v_type FROM pg_attribute AS a WHERE a.attrelid = p_table AND a.attname = p_tokens_column;
    IF v_type NOT IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'datatype_mismatch',
            MESSAGE = format('the tokens column "%s" of %s is %s, not a whole number', p_tokens_column, p_table, v_type),
            HINT = format('ALTER TABLE %s ALTER COLUMN %I TYPE bigint;', p_table, p_tokens_column);
    END IF;

    FOR v_relation IN SELECT r FROM tenantry.relations_of(p_table) AS r LOOP
        EXECUTE format(
            'CREATE OR REPLACE TRIGGER tenantry_meter_inserted_tokens AFTER INSERT ON %s REFERENCING NEW TABLE AS new_rows '
            'FOR EACH STATEMENT EXECUTE FUNCTION tenantry.meter_inserted_tokens(%s)',
            v_relation, v_arguments
        );
    END LOOP;
    EXECUTE format(
        'CREATE OR REPLACE TRIGGER tenantry_meter_raised_tokens AFTER UPDATE ON %s FOR EACH ROW '
        'WHEN (new.%2$I > coalesce(greatest(old.%2$I, 0), 0)) EXECUTE FUNCTION tenantry.meter_raised_tokens(%3$s)',
        p_table, p_tokens_column, v_arguments
    );
END
$$;

COMMENT ON FUNCTION tenantry.meter_tokens(regclass, name, name) IS 'charge the tokens in a column of a protected table to its tenants';
REVOKE ALL ON FUNCTION tenantry.meter_tokens(regclass, name, name) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.meter_tokens(regclass, name, name) TO tenantry_admin;
