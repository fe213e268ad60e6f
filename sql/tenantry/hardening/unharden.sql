-- Give back to PUBLIC what harden() took, and take from others what it gave them. All of it, or some parts.
-- Runs as its caller, because the functions belong to the superuser who made the cluster.
CREATE OR REPLACE FUNCTION tenantry.unharden(p_parts text[] DEFAULT NULL)
RETURNS TABLE (part text, opened int)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_object record;
BEGIN
    IF NOT (SELECT r.rolsuper FROM pg_roles AS r WHERE r.rolname = current_user) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'insufficient_privilege',
            MESSAGE = 'only a superuser changes what PUBLIC may use',
            HINT = 'The functions are PostgreSQL''s own. Connect as a superuser; managed services let nobody.';
    END IF;
    -- One at a time, or two would each note what the other had given.
    LOCK TABLE tenantry_private.hardened IN SHARE ROW EXCLUSIVE MODE;

    FOR v_object IN
        SELECT h.object_name, h.given_to
        FROM tenantry_private.hardened AS h
        WHERE (p_parts IS NULL OR h.part = ANY (p_parts)) AND (h.object_name = 'database' OR to_regprocedure(h.object_name) IS NOT NULL)
    LOOP
        PERFORM tenantry_private.set_public_use(
            v_object.object_name, true, ARRAY(SELECT g FROM unnest(v_object.given_to) AS g WHERE to_regrole(quote_ident(g)) IS NOT NULL)
        );
    END LOOP;
    RETURN QUERY
    WITH opened AS (
        DELETE FROM tenantry_private.hardened AS h WHERE p_parts IS NULL OR h.part = ANY (p_parts)
        RETURNING h.part
    )

    SELECT o.part, count(*)::int
    FROM opened AS o
    GROUP BY o.part
    ORDER BY o.part;
END
$$;

COMMENT ON FUNCTION tenantry.unharden(text[]) IS 'give back to PUBLIC what harden() took';
REVOKE ALL ON FUNCTION tenantry.unharden(text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.unharden(text[]) TO tenantry_admin;
