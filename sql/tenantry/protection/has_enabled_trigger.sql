-- Whether a relation has a trigger of ours that fires.
CREATE OR REPLACE FUNCTION tenantry.has_enabled_trigger(p_relation regclass, p_function regproc)
RETURNS boolean
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT EXISTS (
        SELECT FROM pg_trigger AS t WHERE t.tgrelid = p_relation AND t.tgfoid = p_function AND t.tgenabled IN ('O', 'A')
    );
$$;

COMMENT ON FUNCTION tenantry.has_enabled_trigger(regclass, regproc) IS 'whether a relation has a trigger that fires';
REVOKE ALL ON FUNCTION tenantry.has_enabled_trigger(regclass, regproc) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.has_enabled_trigger(regclass, regproc) TO tenantry_admin, tenantry_auditor;
