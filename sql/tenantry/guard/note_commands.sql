-- Event trigger, at the end of each command: note what the guard has to look at when the transaction ends.
-- What an extension's script makes is the extension's, and let be. Temporary objects are nobody's concern: no other session
-- sees them.
CREATE OR REPLACE FUNCTION tenantry_private.note_commands()
RETURNS event_trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_is_guarded boolean;
    v_command record;
BEGIN
    FOR v_command IN
        SELECT c.classid, c.objid, c.in_extension, c.command_tag
        FROM pg_event_trigger_ddl_commands() AS c
        WHERE c.schema_name IS DISTINCT FROM 'pg_temp'
            AND c.command_tag NOT IN ('COMMENT', 'SECURITY LABEL', 'REVOKE', 'REFRESH MATERIALIZED VIEW')
            AND (
                c.classid IN (
                    'pg_class'::regclass, 'pg_policy'::regclass, 'pg_trigger'::regclass, 'pg_rewrite'::regclass,
                    'pg_constraint'::regclass, 'pg_proc'::regclass, 'pg_namespace'::regclass
                )
                OR (c.command_tag, c.object_type) = ('GRANT', 'TABLE')
            )
            AND c.object_type <> 'sequence'
    LOOP
        v_is_guarded := coalesce(v_is_guarded, tenantry_private.is_guarded());
        EXIT WHEN NOT v_is_guarded;
        IF v_command.classid = 'pg_namespace'::regclass THEN
            PERFORM tenantry_private.follow_schemas();
        ELSIF v_command.in_extension THEN
            PERFORM tenantry_private.remember(ARRAY[c.oid], ARRAY[c.oid])
            FROM pg_class AS c
            WHERE v_command.classid = 'pg_class'::regclass AND v_command.command_tag LIKE 'CREATE %'
                AND c.oid = v_command.objid AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND tenantry_private.is_managed(c.relnamespace);
        ELSIF v_command.classid IS NULL THEN
            PERFORM tenantry_private.note_object(0, 0);
        ELSIF v_command.classid = 'pg_proc'::regclass THEN
            PERFORM tenantry_private.follow_routines();
            PERFORM tenantry_private.note_object(v_command.classid, v_command.objid);
        ELSE
            PERFORM tenantry_private.note_object(
                'pg_class'::regclass,
                CASE v_command.classid
                    WHEN 'pg_class'::regclass
                        THEN coalesce((SELECT i.indrelid FROM pg_index AS i WHERE i.indexrelid = v_command.objid), v_command.objid)
                    WHEN 'pg_policy'::regclass THEN (SELECT p.polrelid FROM pg_policy AS p WHERE p.oid = v_command.objid)
                    WHEN 'pg_trigger'::regclass THEN (SELECT t.tgrelid FROM pg_trigger AS t WHERE t.oid = v_command.objid)
                    WHEN 'pg_rewrite'::regclass THEN (SELECT w.ev_class FROM pg_rewrite AS w WHERE w.oid = v_command.objid)
                    WHEN 'pg_constraint'::regclass THEN (SELECT c.conrelid FROM pg_constraint AS c WHERE c.oid = v_command.objid)
                END
            );
        END IF;
    END LOOP;
END
$$;

COMMENT ON FUNCTION tenantry_private.note_commands() IS 'event trigger: note what the guard has to look at';
REVOKE ALL ON FUNCTION tenantry_private.note_commands() FROM PUBLIC;
