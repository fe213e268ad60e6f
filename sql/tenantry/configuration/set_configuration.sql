-- Record one setting of this database. Callers have checked the value.
CREATE OR REPLACE FUNCTION tenantry_private.set_configuration(p_name text, p_value text)
RETURNS void
LANGUAGE sql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    INSERT INTO tenantry_private.configuration AS c (name, value)
    VALUES (p_name, p_value)
    ON CONFLICT (name) DO UPDATE SET value = excluded.value, changed_at = now();
$$;

COMMENT ON FUNCTION tenantry_private.set_configuration(text, text) IS 'record one setting of this database';
REVOKE ALL ON FUNCTION tenantry_private.set_configuration(text, text) FROM PUBLIC;
