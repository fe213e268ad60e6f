-- As in the core extension, everything that follows is created by tenantry_owner itself, and the installer's role comes
-- back in finish.sql.
DO $$
DECLARE
    v_schema CONSTANT name := (
        SELECT n.nspname
        FROM pg_catalog.pg_extension AS e
        INNER JOIN pg_catalog.pg_namespace AS n ON e.extnamespace OPERATOR(pg_catalog.=) n.oid
        WHERE e.extname OPERATOR(pg_catalog.=) 'vector'
    );
BEGIN
    IF NOT pg_catalog.has_schema_privilege('tenantry_owner', v_schema, 'USAGE') THEN
        RAISE EXCEPTION USING
            ERRCODE = 'insufficient_privilege',
            MESSAGE = pg_catalog.format('tenantry_owner may not use schema "%s", where the type vector is', v_schema),
            HINT = pg_catalog.format('GRANT USAGE ON SCHEMA %I TO PUBLIC, then create the extension again.', v_schema);
    END IF;
END
$$;

SELECT pg_catalog.set_config('tenantry.installer_role', pg_catalog.current_setting('role'), true);
SET LOCAL ROLE tenantry_owner;
