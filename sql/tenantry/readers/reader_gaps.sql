-- What is missing of the restriction to readers, one line a gap; empty for a table that has none. A table that has lost
-- the policy is told by the trigger that is left.
CREATE OR REPLACE FUNCTION tenantry.reader_gaps(p_table regclass)
RETURNS text[]
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
SET quote_all_identifiers = off
AS $$
DECLARE
    v_readers_column CONSTANT name := tenantry.readers_column(p_table);
    v_owner_column CONSTANT name := tenantry.policy_column(p_table, 'tenantry_row_owner');
    v_tenant_column CONSTANT name := tenantry.policy_column(p_table, 'tenantry_isolation');
    v_condition CONSTANT text := tenantry.readers_condition(v_readers_column, v_owner_column);
    v_relation regclass;
    v_gaps text[] := ARRAY[]::text[];
BEGIN
    IF v_readers_column IS NULL AND NOT tenantry.has_enabled_trigger(p_table, 'tenantry.refuse_reader_change'::regproc) THEN
        RETURN v_gaps;
    END IF;
    FOR v_relation IN SELECT tenantry.relations_of(p_table) LOOP
        IF NOT EXISTS (
            SELECT FROM pg_policy AS p
            WHERE p.polrelid = v_relation AND p.polname = 'tenantry_readers'
                AND NOT p.polpermissive AND p.polcmd = '*' AND p.polroles = '{0}' AND p.polwithcheck IS NULL
                AND pg_get_expr(p.polqual, p.polrelid)
                    = tenantry.within_tenant(v_relation, v_tenant_column, tenantry.is_shared(v_relation), v_condition)
        ) THEN
            v_gaps := v_gaps || format('policy tenantry_readers of %s is missing or altered', v_relation);
        END IF;
        IF v_owner_column IS NOT NULL AND NOT EXISTS (
            SELECT FROM pg_policy AS p
            WHERE p.polrelid = v_relation AND p.polname = 'tenantry_row_owner'
                AND NOT p.polpermissive AND p.polcmd = 'a' AND p.polroles = '{0}'
                AND pg_get_expr(p.polwithcheck, p.polrelid)
                    = tenantry.within_tenant(
                        v_relation, v_tenant_column, tenantry.is_shared(v_relation),
                        format('(NOT (%1$I IS DISTINCT FROM COALESCE(( SELECT tenantry.current_member() AS current_member), %1$I)))', v_owner_column)
                    )
        ) THEN
            v_gaps := v_gaps || format('policy tenantry_row_owner of %s is missing or altered', v_relation);
        END IF;
        IF NOT tenantry.has_enabled_trigger(v_relation, 'tenantry.refuse_reader_change'::regproc) THEN
            v_gaps := v_gaps || format('%s lets who reads a row be changed by who may write it', v_relation);
        END IF;
    END LOOP;
    RETURN v_gaps;
END
$$;

COMMENT ON FUNCTION tenantry.reader_gaps(regclass) IS 'what is missing of a table''s restriction to readers';
REVOKE ALL ON FUNCTION tenantry.reader_gaps(regclass) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.reader_gaps(regclass) TO tenantry_admin, tenantry_auditor;
