-- Let all members of a tenant read its rows again, lists or not. The columns stay.
CREATE OR REPLACE FUNCTION tenantry.unrestrict_readers(p_table regclass)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_part record;
BEGIN
    FOR v_part IN
        SELECT p.polname AS name, p.polrelid::regclass AS relation
        FROM pg_policy AS p
        WHERE p.polrelid IN (SELECT tenantry.relations_of(p_table)) AND p.polname IN ('tenantry_readers', 'tenantry_row_owner')
    LOOP
        EXECUTE format('DROP POLICY %I ON %s', v_part.name, v_part.relation);
    END LOOP;
    FOR v_part IN
        SELECT t.tgname AS name, t.tgrelid::regclass AS relation
        FROM pg_trigger AS t
        WHERE t.tgrelid IN (SELECT tenantry.relations_of(p_table)) AND t.tgparentid = 0
            AND t.tgfoid = 'tenantry.refuse_reader_change'::regproc
    LOOP
        EXECUTE format('DROP TRIGGER %I ON %s', v_part.name, v_part.relation);
    END LOOP;
END
$$;

COMMENT ON FUNCTION tenantry.unrestrict_readers(regclass) IS 'let all members of a tenant read its rows again';
REVOKE ALL ON FUNCTION tenantry.unrestrict_readers(regclass) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.unrestrict_readers(regclass) TO tenantry_admin;
