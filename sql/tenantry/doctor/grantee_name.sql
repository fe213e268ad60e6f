-- A grantee of an access control list as GRANT and REVOKE write it.
CREATE OR REPLACE FUNCTION tenantry_private.grantee_name(p_grantee oid)
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN p_grantee = 0 THEN 'PUBLIC' ELSE p_grantee::regrole::text END;
$$;

COMMENT ON FUNCTION tenantry_private.grantee_name(oid) IS 'a grantee as GRANT writes it';
REVOKE ALL ON FUNCTION tenantry_private.grantee_name(oid) FROM PUBLIC;
