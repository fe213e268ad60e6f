-- Constraint trigger, when the transaction ends: judge the state that its commands leave behind, and do what set_guard() says.
CREATE OR REPLACE FUNCTION tenantry_private.check_pending()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_mode CONSTANT text := tenantry.guard_mode();
    v_touched record;
    v_relations oid[];
    v_let_be oid[];
    v_found record;
BEGIN
    -- The first of a transaction's triggers does it for all.
    WITH noted AS (
        DELETE FROM tenantry_private.pending_checks AS p
        WHERE p.transaction_id = pg_current_xact_id()
        RETURNING p.object_class, p.object_id
    )

    SELECT
        array_agg(n.object_id) FILTER (WHERE n.object_class = 'pg_class'::regclass) AS relations,
        array_agg(n.object_id) FILTER (WHERE n.object_class = 'pg_proc'::regclass) AS routines,
        array_agg(n.object_id) FILTER (WHERE n.object_class = 'pg_index'::regclass) AS schemas_of_indexes,
        bool_or(n.object_class = 0) AS has_grants,
        bool_or(n.object_class = 'pg_namespace'::regclass) AS has_schemas
    INTO v_touched
    FROM noted AS n;
    IF v_mode = 'off' OR v_touched.has_grants IS NULL THEN
        RETURN NULL;
    END IF;

    v_relations := tenantry_private.relations_to_check(v_touched.relations, v_touched.schemas_of_indexes, v_touched.has_grants);
    -- Of two that change partitions of one table and end at once, the second sees what the first has done. What is let be is
    -- left to the first alone, who waits for the tables of the second: the workers of pg_restore would wait for each other.
    v_let_be := tenantry_private.let_be(v_relations);
    v_relations := ARRAY(SELECT unnest(v_relations) EXCEPT SELECT unnest(v_let_be))
        || ARRAY(SELECT g.relation FROM tenantry_private.guarded_relations AS g WHERE g.relation = ANY (v_let_be) FOR UPDATE SKIP LOCKED);
    PERFORM FROM tenantry_private.guarded_relations AS g WHERE g.relation = ANY (v_relations) ORDER BY g.relation FOR UPDATE;
    PERFORM FROM unnest(v_relations) AS r, pg_partition_tree(r);

    SELECT
        array_agg(o.relation::oid) AS unprotected,
        count(*) FILTER (WHERE NOT o.is_let_be) AS objects,
        (array_agg(format('%s: %s', o.object, o.gaps) ORDER BY o.object) FILTER (WHERE NOT o.is_let_be))[1] AS first,
        string_agg(o.remedies, ' ' ORDER BY o.object) FILTER (WHERE NOT o.is_let_be) AS remedies,
        ' Or say why it needs none: ' || string_agg(o.exemption, ' ' ORDER BY o.object) FILTER (WHERE NOT o.is_let_be) AS exemptions
    INTO v_found
    FROM (
        SELECT
            f.relation, f.object, f.exemption, f.is_let_be,
            string_agg(f.gap, '; ' ORDER BY f.gap) AS gaps,
            string_agg(DISTINCT f.remedy, ' ' ORDER BY f.remedy) AS remedies
        FROM tenantry_private.guard_findings(
            v_relations, tenantry_private.routines_to_check(v_touched.routines, v_touched.has_schemas)
        ) AS f
        GROUP BY f.relation, f.object, f.exemption, f.is_let_be
    ) AS o;
    IF v_found.objects > 0 THEN
        v_found.first := v_found.first || CASE WHEN v_found.objects > 1 THEN format(', and %s more', v_found.objects - 1) ELSE '' END;
        IF v_mode = 'enforce' THEN
            RAISE EXCEPTION USING
                ERRCODE = 'insufficient_privilege',
                MESSAGE = format('the guard refuses %s', v_found.first),
                HINT = format('In the same transaction: %s%s', v_found.remedies, v_found.exemptions);
        END IF;
        RAISE WARNING USING
            ERRCODE = 'insufficient_privilege',
            MESSAGE = format('the guard would refuse %s', v_found.first),
            HINT = format('In the same transaction: %s%s', v_found.remedies, v_found.exemptions);
    END IF;

    PERFORM tenantry_private.remember(ARRAY(SELECT unnest(v_relations) EXCEPT SELECT unnest(v_found.unprotected)));
    RETURN NULL;
END
$$;

COMMENT ON FUNCTION tenantry_private.check_pending() IS 'constraint trigger: judge what the commands of a transaction leave behind';
REVOKE ALL ON FUNCTION tenantry_private.check_pending() FROM PUBLIC;
