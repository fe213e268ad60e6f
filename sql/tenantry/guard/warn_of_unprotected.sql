-- Tell how much the guard lets be, of one managed schema or of all.
CREATE OR REPLACE FUNCTION tenantry_private.warn_of_unprotected(p_schema oid DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_count bigint;
BEGIN
    SELECT count(DISTINCT u.relation) INTO v_count
    FROM tenantry_private.unprotected_relations() AS u
    INNER JOIN pg_class AS c ON u.relation = c.oid
    WHERE CASE WHEN p_schema IS NULL THEN tenantry_private.is_managed(c.relnamespace) ELSE c.relnamespace = p_schema END;
    IF v_count > 0 THEN
        RAISE WARNING USING
            MESSAGE = format('%s relations that are there already are not, or not wholly, protected', v_count),
            HINT = 'The guard lets them be until they are. SELECT * FROM tenantry.doctor() lists them, with what to do.';
    END IF;
END
$$;

COMMENT ON FUNCTION tenantry_private.warn_of_unprotected(oid) IS 'tell how much the guard lets be';
REVOKE ALL ON FUNCTION tenantry_private.warn_of_unprotected(oid) FROM PUBLIC;
