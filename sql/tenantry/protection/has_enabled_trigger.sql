-- Whether a relation has a trigger of ours that fires. With the column, also whether it is as protect() makes it.
CREATE OR REPLACE FUNCTION tenantry.has_enabled_trigger(p_relation regclass, p_function regproc, p_column name DEFAULT NULL)
RETURNS boolean
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
SET quote_all_identifiers = off
AS $$
BEGIN
    RETURN (
        SELECT EXISTS (
            SELECT FROM pg_trigger AS t
            WHERE t.tgrelid = p_relation AND t.tgfoid = p_function AND t.tgenabled IN ('O', 'A')
                AND (
                    p_column IS NULL
                    OR pg_get_triggerdef(t.oid)
                        = format('CREATE TRIGGER %I %s', t.tgname, tenantry.trigger_definition(p_relation, p_function, p_column))
                )
        )
    );
END
$$;

COMMENT ON FUNCTION tenantry.has_enabled_trigger(regclass, regproc, name) IS 'whether a relation has a trigger that fires';
REVOKE ALL ON FUNCTION tenantry.has_enabled_trigger(regclass, regproc, name) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.has_enabled_trigger(regclass, regproc, name) TO tenantry_admin, tenantry_auditor;
