-- Raise an error, with what to do about it, for a table that protect() cannot make safe as it stands.
CREATE OR REPLACE FUNCTION tenantry.check_protectable(
    p_table regclass, p_tenant_column name DEFAULT 'tenant_id', p_permission_column name DEFAULT NULL
)
RETURNS void
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_table record;
    v_tenant_type oid;
    v_permission_type oid;
    v_other text;
BEGIN
    SELECT c.oid, c.relkind, c.relpersistence, c.relispartition, c.relowner, c.relhasrules, n.nspname
    INTO v_table
    FROM pg_class AS c
    INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
    WHERE c.oid = p_table;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_table',
            MESSAGE = 'there is no such table',
            HINT = 'Pass the table as a regclass, for instance ''public.documents''.';
    END IF;

    IF v_table.relkind NOT IN ('r', 'p') OR v_table.relpersistence = 't' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'wrong_object_type',
            MESSAGE = format('%s cannot be protected: only permanent tables and partitioned tables can', p_table),
            HINT = 'Protect the tables behind a view, and give the view security_invoker = true. Row-level security does not exist for foreign tables and materialized views: keep the application from them.';
    END IF;
    IF v_table.nspname IN ('tenantry', 'tenantry_private', 'pg_catalog', 'information_schema') THEN
        RAISE EXCEPTION USING
            ERRCODE = 'wrong_object_type',
            MESSAGE = format('%s belongs to tenantry or to the system', p_table),
            HINT = 'Protect the tables of your application.';
    END IF;
    IF v_table.relispartition THEN
        RAISE EXCEPTION USING
            ERRCODE = 'wrong_object_type',
            MESSAGE = format('%s is a partition', p_table),
            HINT = format('Protect its partitioned table, which protects every partition: SELECT tenantry.protect(%L).', pg_partition_root(p_table));
    END IF;
    IF NOT pg_has_role(v_table.relowner, 'USAGE') THEN
        RAISE EXCEPTION USING
            ERRCODE = 'insufficient_privilege',
            MESSAGE = format('must be owner of %s', p_table),
            HINT = format('Call protect() as %s.', v_table.relowner::regrole);
    END IF;

    -- Whoever owns a table can switch its protection off, so no login of the application may be able to become the owner.
    IF v_table.relowner::regrole IN (SELECT tenantry.application_roles()) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('the application can act as %s, the owner of %s', v_table.relowner::regrole, p_table),
            HINT = format('Give the table to a role that no member of tenantry_app is a member of: ALTER TABLE %s OWNER TO …;', p_table);
    END IF;

    SELECT i.inhrelid::regclass::text INTO v_other
    FROM pg_inherits AS i
    WHERE (i.inhparent = p_table AND v_table.relkind = 'r') OR i.inhrelid = p_table
    LIMIT 1;
    IF v_other IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'feature_not_supported',
            MESSAGE = format('%s takes part in table inheritance', p_table),
            HINT = 'A child table shows its rows under its own policies and its parent''s. Use declarative partitioning instead, or ALTER TABLE … NO INHERIT.';
    END IF;
    SELECT t.relid::text INTO v_other
    FROM pg_partition_tree(p_table) AS t
    INNER JOIN pg_class AS c ON t.relid = c.oid
    WHERE c.relkind = 'f'
    LIMIT 1;
    IF v_other IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'wrong_object_type',
            MESSAGE = format('partition %s is a foreign table', v_other),
            HINT = 'Row-level security does not exist for foreign tables. Detach the partition.';
    END IF;
    IF v_table.relhasrules AND EXISTS (SELECT FROM pg_rewrite AS w WHERE w.ev_class = p_table) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('%s has rewrite rules, which run with the rights of its owner', p_table),
            HINT = 'Replace the rules by triggers: DROP RULE …';
    END IF;

    SELECT a.atttypid INTO v_tenant_type
    FROM pg_attribute AS a
    WHERE a.attrelid = p_table AND a.attname = p_tenant_column AND a.attnum > 0 AND NOT a.attisdropped;
    IF v_tenant_type IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_column',
            MESSAGE = format('%s has no column "%s"', p_table, p_tenant_column),
            HINT = format('Name the tenant column in p_tenant_column, or add one: ALTER TABLE %s ADD COLUMN %I uuid;', p_table, p_tenant_column);
    END IF;
    IF v_tenant_type <> 'uuid'::regtype THEN
        RAISE EXCEPTION USING
            ERRCODE = 'datatype_mismatch',
            MESSAGE = format('the tenant column "%s" of %s is %s, not uuid', p_tenant_column, p_table, v_tenant_type::regtype),
            HINT = format('ALTER TABLE %s ALTER COLUMN %I TYPE uuid USING …, giving the ids in tenantry.tenants.', p_table, p_tenant_column);
    END IF;
    IF EXISTS (
        SELECT FROM pg_attribute AS a
        WHERE a.attrelid = p_table AND a.attname = p_tenant_column AND a.attgenerated <> ''
    ) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('the tenant column "%s" of %s is generated', p_tenant_column, p_table),
            HINT = format('ALTER TABLE %s ALTER COLUMN %I DROP EXPRESSION;', p_table, p_tenant_column);
    END IF;

    IF p_permission_column IS NOT NULL THEN
        SELECT a.atttypid INTO v_permission_type
        FROM pg_attribute AS a
        WHERE a.attrelid = p_table AND a.attname = p_permission_column AND a.attnum > 0 AND NOT a.attisdropped;
        IF v_permission_type IS NULL THEN
            RAISE EXCEPTION USING
                ERRCODE = 'undefined_column',
                MESSAGE = format('%s has no column "%s"', p_table, p_permission_column),
                HINT = format('ALTER TABLE %s ADD COLUMN %I text NOT NULL DEFAULT ''INTERNAL'';', p_table, p_permission_column);
        END IF;
        IF v_permission_type <> 'text'::regtype THEN
            RAISE EXCEPTION USING
                ERRCODE = 'datatype_mismatch',
                MESSAGE = format('the permission column "%s" of %s is %s, not text', p_permission_column, p_table, v_permission_type::regtype),
                HINT = format('ALTER TABLE %s ALTER COLUMN %I TYPE text;', p_table, p_permission_column);
        END IF;
    END IF;
END
$$;

COMMENT ON FUNCTION tenantry.check_protectable(regclass, name, name)
IS 'raise an error for a table that protect() cannot make safe as it stands';
REVOKE ALL ON FUNCTION tenantry.check_protectable(regclass, name, name) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.check_protectable(regclass, name, name) TO tenantry_admin;
