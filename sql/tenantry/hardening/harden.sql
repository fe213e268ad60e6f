-- Take from PUBLIC, in this database, what tells a session of others or lets it act on them, as far as privileges govern it. Roles that
-- run the database keep it. What is in p_keep stays with PUBLIC, or returns to it. Calling it again closes what has opened.
-- Runs as its caller, because the functions belong to the superuser who made the cluster.
CREATE OR REPLACE FUNCTION tenantry.harden(p_keep text[] DEFAULT '{}')
RETURNS TABLE (part text, closed int)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_operators CONSTANT text[] := ARRAY['pg_monitor', 'tenantry_admin', 'tenantry_owner'];
    v_object record;
    v_given text[];
BEGIN
    -- Asks for a superuser, too.
    PERFORM tenantry.unharden(coalesce(p_keep, '{}'));
    IF p_keep IS NULL OR EXISTS (
        SELECT FROM unnest(p_keep) AS k WHERE k IS NULL OR k NOT IN (SELECT t.part FROM tenantry_private.hardening_targets() AS t)
    ) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'unknown part of hardening',
            HINT = 'Use sizes, statistics, sessions, advisory_locks, large_objects, positions or temporary_objects.';
    END IF;

    FOR v_object IN
        SELECT t.object_name, t.part
        FROM tenantry_private.hardening_targets() AS t
        WHERE t.is_public AND t.part <> ALL (p_keep)
    LOOP
        -- Every role that has it through PUBLIC alone.
        v_given := ARRAY(
            SELECT o
            FROM unnest(v_operators) AS o
            WHERE NOT EXISTS (
                SELECT
                FROM aclexplode(
                    CASE v_object.object_name
                        WHEN 'database' THEN (SELECT d.datacl FROM pg_database AS d WHERE d.datname = current_database())
                        ELSE (SELECT p.proacl FROM pg_proc AS p WHERE p.oid = to_regprocedure(v_object.object_name))
                    END
                ) AS x
                WHERE x.grantee = o::regrole AND x.privilege_type IN ('EXECUTE', 'TEMPORARY')
            )
        );
        PERFORM tenantry_private.set_public_use(v_object.object_name, false, v_given);
        -- What was opened again since it was closed is already noted.
        INSERT INTO tenantry_private.hardened AS h (object_name, part, given_to)
        VALUES (v_object.object_name, v_object.part, v_given)
        ON CONFLICT (object_name) DO UPDATE SET given_to = h.given_to || excluded.given_to;
    END LOOP;
    RETURN QUERY
    SELECT h.part, count(*)::int
    FROM tenantry_private.hardened AS h
    GROUP BY h.part
    ORDER BY h.part;
END
$$;

COMMENT ON FUNCTION tenantry.harden(text[]) IS 'take from PUBLIC what tells a session of others';
REVOKE ALL ON FUNCTION tenantry.harden(text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.harden(text[]) TO tenantry_admin;
