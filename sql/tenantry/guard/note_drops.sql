-- Event trigger, after objects were dropped: forget relations and routines that are gone, and note tables that have lost
-- something. PostgreSQL tells the table of a policy, trigger, constraint, rule or default by name, and that of an index not
-- at all: it was in the same schema. An index that goes with its table, and not for itself or with a function, is no loss.
CREATE OR REPLACE FUNCTION tenantry_private.note_drops()
RETURNS event_trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_is_guarded boolean;
    v_dropped record;
BEGIN
    FOR v_dropped IN
        SELECT d.classid, d.objid, d.objsubid, d.original OR d.normal AS is_apart, d.object_type, d.schema_name, d.address_names
        FROM pg_event_trigger_dropped_objects() AS d
        WHERE NOT d.is_temporary
            AND d.classid IN (
                'pg_class'::regclass, 'pg_policy'::regclass, 'pg_trigger'::regclass, 'pg_constraint'::regclass,
                'pg_rewrite'::regclass, 'pg_attrdef'::regclass, 'pg_namespace'::regclass, 'pg_proc'::regclass
            )
            AND d.object_type <> 'sequence'
    LOOP
        v_is_guarded := coalesce(v_is_guarded, tenantry_private.is_guarded());
        IF v_dropped.classid = 'pg_namespace'::regclass THEN
            PERFORM tenantry_private.follow_schemas();
        ELSIF v_dropped.classid = 'pg_proc'::regclass THEN
            PERFORM tenantry_private.follow_routines();
        ELSIF v_dropped.object_type = 'index' THEN
            IF v_is_guarded AND v_dropped.is_apart THEN
                PERFORM tenantry_private.note_object('pg_index'::regclass, n.oid)
                FROM pg_namespace AS n
                WHERE n.nspname = v_dropped.schema_name;
            END IF;
        ELSIF v_dropped.classid = 'pg_class'::regclass AND v_dropped.objsubid = 0 THEN
            DELETE FROM tenantry_private.guarded_relations AS g WHERE g.relation = v_dropped.objid;
            DELETE FROM tenantry_private.exempt_relations AS e WHERE e.relation = v_dropped.objid;
        ELSIF v_is_guarded THEN
            PERFORM tenantry_private.note_object('pg_class'::regclass, c.oid)
            FROM pg_class AS c
            INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
            WHERE (n.nspname, c.relname) = (v_dropped.address_names[1], v_dropped.address_names[2]);
        END IF;
    END LOOP;
END
$$;

COMMENT ON FUNCTION tenantry_private.note_drops() IS 'event trigger: note what has lost something';
REVOKE ALL ON FUNCTION tenantry_private.note_drops() FROM PUBLIC;
