-- Cosine distance: 0 for the same direction, 2 for the opposite one, NaN where a vector has no direction.
-- Inlined, hence BEGIN ATOMIC, which holds on to pgvector's operator by its OID: no search_path can put another in its place.
CREATE OR REPLACE FUNCTION tenantry.cosine_distance(p_left vector, p_right vector)
RETURNS float8
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
BEGIN ATOMIC
    SELECT p_left <=> p_right;
END;

COMMENT ON FUNCTION tenantry.cosine_distance(vector, vector) IS 'cosine distance of two vectors';
REVOKE ALL ON FUNCTION tenantry.cosine_distance(vector, vector) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.cosine_distance(vector, vector) TO tenantry_admin, tenantry_app, tenantry_gateway, tenantry_auditor;
