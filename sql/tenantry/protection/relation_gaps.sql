-- What is missing of the policies, triggers and privileges of one table or partition, one line a gap.
CREATE OR REPLACE FUNCTION tenantry.relation_gaps(
    p_relation regclass, p_tenant_column name, p_permission_column name, p_is_shared boolean DEFAULT false
)
RETURNS text[]
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN ARRAY(
        SELECT g.gap
        FROM tenantry.gaps_of_relations(
            ARRAY[p_relation], ARRAY[p_tenant_column], ARRAY[p_permission_column], ARRAY[p_is_shared]
        ) AS g
    );
END
$$;

COMMENT ON FUNCTION tenantry.relation_gaps(regclass, name, name, boolean)
IS 'what is missing of the policies, triggers and privileges of one relation';
REVOKE ALL ON FUNCTION tenantry.relation_gaps(regclass, name, name, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.relation_gaps(regclass, name, name, boolean) TO tenantry_admin, tenantry_auditor;
