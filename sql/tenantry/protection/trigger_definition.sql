-- One of the triggers that protect() makes, as PostgreSQL prints it after its name, so that what is made and what is
-- compared with the catalog are the same text. NULL for another function. Conditions name functions of pg_catalog alone:
-- who is exempt from policies need not be allowed to call ours.
CREATE OR REPLACE FUNCTION tenantry.trigger_definition(p_relation regclass, p_function regproc, p_column name)
RETURNS text
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
SET quote_all_identifiers = off
AS $$
BEGIN
    RETURN (
        SELECT format(x.shape || ' EXECUTE FUNCTION %3$s()', p_relation, p_column, p_function, tenantry.permission_levels())
        FROM (
            VALUES
            (
                'tenantry.refuse_tenant_change'::regproc,
                'BEFORE UPDATE ON %1$s FOR EACH ROW WHEN ((old.%2$I IS DISTINCT FROM new.%2$I))'
            ),
            (
                'tenantry.refuse_lowered_level'::regproc,
                'BEFORE UPDATE ON %1$s FOR EACH ROW WHEN (((old.%2$I IS DISTINCT FROM new.%2$I)'
                ' AND (array_position(%4$L::text[], new.%2$I) < array_position(%4$L::text[], old.%2$I))))'
            ),
            ('tenantry.refuse_truncate'::regproc, 'BEFORE TRUNCATE ON %1$s FOR EACH STATEMENT')
        ) AS x (function, shape)
        WHERE x.function = p_function
    );
END
$$;

COMMENT ON FUNCTION tenantry.trigger_definition(regclass, regproc, name) IS 'a trigger of a protected table as PostgreSQL prints it';
REVOKE ALL ON FUNCTION tenantry.trigger_definition(regclass, regproc, name) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.trigger_definition(regclass, regproc, name) TO tenantry_admin, tenantry_auditor;
