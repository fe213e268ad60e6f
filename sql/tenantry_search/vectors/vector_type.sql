-- pgvector's type, wherever that extension was installed or has been moved to. PostgreSQL resolves the name once, when
-- this function is created and only the schemas of required extensions are searched, and keeps the type's OID.
CREATE OR REPLACE FUNCTION tenantry.vector_type()
RETURNS regtype
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
BEGIN ATOMIC
    SELECT 'vector'::regtype;
END;

COMMENT ON FUNCTION tenantry.vector_type() IS 'the type vector of pgvector';
REVOKE ALL ON FUNCTION tenantry.vector_type() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.vector_type() TO tenantry_admin, tenantry_app, tenantry_gateway, tenantry_auditor;
