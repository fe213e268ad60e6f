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
        SELECT format('POLICY %I ON %s', p.polname, p.polrelid::regclass) AS description
        FROM pg_policy AS p
        WHERE p.polrelid IN (SELECT tenantry.relations_of(p_table)) AND p.polname IN ('tenantry_readers', 'tenantry_row_owner')
        UNION ALL
        SELECT format('TRIGGER %I ON %s', t.tgname, t.tgrelid::regclass)
        FROM pg_trigger AS t
        WHERE t.tgrelid IN (SELECT tenantry.relations_of(p_table)) AND t.tgparentid = 0
            AND t.tgfoid = 'tenantry.refuse_reader_change'::regproc
    LOOP
        EXECUTE format('DROP %s', v_part.description);
    END LOOP;
END
$$;

COMMENT ON FUNCTION tenantry.unrestrict_readers(regclass) IS 'let all members of a tenant read its rows again';
REVOKE ALL ON FUNCTION tenantry.unrestrict_readers(regclass) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.unrestrict_readers(regclass) TO tenantry_admin;
