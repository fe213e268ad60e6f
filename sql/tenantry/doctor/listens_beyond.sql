-- Whether the server listens beyond its own machine. Apart, because a running server cannot change it and tests have to pretend.
CREATE OR REPLACE FUNCTION tenantry_private.listens_beyond()
RETURNS boolean
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT EXISTS (
        SELECT FROM regexp_split_to_table(current_setting('listen_addresses'), '[, ]+') AS a
        WHERE a NOT IN ('', 'localhost', '127.0.0.1', '::1')
    );
$$;

COMMENT ON FUNCTION tenantry_private.listens_beyond() IS 'whether the server listens beyond its own machine';
REVOKE ALL ON FUNCTION tenantry_private.listens_beyond() FROM PUBLIC;
