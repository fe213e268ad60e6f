-- Whether each level that a claim's path crosses below the first is an object in which no member occurs twice, as far as
-- the path leads. parse_jwt has looked at the first level.
CREATE OR REPLACE FUNCTION tenantry_private.has_unique_members(p_payload json, p_path text[])
RETURNS boolean
LANGUAGE plpgsql
IMMUTABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_level json;
BEGIN
    FOR v_depth IN 1 .. coalesce(cardinality(p_path), 1) - 1 LOOP
        v_level := p_payload #> p_path[1 : v_depth];
        EXIT WHEN v_level IS NULL;
        IF json_typeof(v_level) <> 'object' THEN
            RETURN false;
        END IF;
        IF (SELECT count(*) > count(DISTINCT k.name) FROM json_object_keys(v_level) AS k (name)) THEN
            RETURN false;
        END IF;
    END LOOP;
    RETURN true;
END
$$;

COMMENT ON FUNCTION tenantry_private.has_unique_members(json, text[]) IS 'whether no member on the path of a claim occurs twice';
REVOKE ALL ON FUNCTION tenantry_private.has_unique_members(json, text[]) FROM PUBLIC;
