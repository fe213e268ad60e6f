-- Trigger: a managed schema has the number that it has in this database, whatever a dump says; 0 where it is not there.
CREATE OR REPLACE FUNCTION tenantry_private.number_schema()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    NEW.schema_oid := coalesce(to_regnamespace(quote_ident(NEW.schema_name))::oid, 0);
    RETURN NEW;
END
$$;

COMMENT ON FUNCTION tenantry_private.number_schema() IS 'trigger: a managed schema has the number of this database';
REVOKE ALL ON FUNCTION tenantry_private.number_schema() FROM PUBLIC;
