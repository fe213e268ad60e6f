-- How many dimensions a vector has. Inlined, hence BEGIN ATOMIC, which holds on to pgvector's function by its OID.
CREATE OR REPLACE FUNCTION tenantry.vector_dimensions(p_vector vector)
RETURNS int
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
BEGIN ATOMIC
    SELECT vector_dims(p_vector);
END;

COMMENT ON FUNCTION tenantry.vector_dimensions(vector) IS 'number of dimensions of a vector';
REVOKE ALL ON FUNCTION tenantry.vector_dimensions(vector) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.vector_dimensions(vector) TO tenantry_admin, tenantry_app, tenantry_gateway, tenantry_auditor;
