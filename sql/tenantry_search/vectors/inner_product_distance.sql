-- The negative inner product, so that here too the nearest comes first.
-- Inlined, hence BEGIN ATOMIC, which holds on to pgvector's operator by its OID: no search_path can put another in its place.
CREATE OR REPLACE FUNCTION tenantry.inner_product_distance(p_left vector, p_right vector)
RETURNS float8
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
BEGIN ATOMIC
    SELECT p_left <#> p_right;
END;

COMMENT ON FUNCTION tenantry.inner_product_distance(vector, vector) IS 'negative inner product of two vectors';
REVOKE ALL ON FUNCTION tenantry.inner_product_distance(vector, vector) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.inner_product_distance(vector, vector)
TO tenantry_admin, tenantry_app, tenantry_gateway, tenantry_auditor;
