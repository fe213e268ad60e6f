-- The clearance of the built-in roles; NULL for any other. Inlined, hence BEGIN ATOMIC instead of a search_path.
CREATE OR REPLACE FUNCTION tenantry_private.default_clearance(p_role text)
RETURNS text
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
BEGIN ATOMIC
    SELECT
        CASE p_role
            WHEN 'viewer' THEN 'PUBLIC'
            WHEN 'member' THEN 'INTERNAL'
            WHEN 'manager' THEN 'CONFIDENTIAL'
            WHEN 'owner' THEN 'RESTRICTED'
        END;
END;

COMMENT ON FUNCTION tenantry_private.default_clearance(text) IS 'clearance of a built-in role';
REVOKE ALL ON FUNCTION tenantry_private.default_clearance(text) FROM PUBLIC;
