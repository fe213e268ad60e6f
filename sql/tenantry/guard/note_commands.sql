-- Event trigger, at the end of each command: note what the guard has to look at when the transaction ends.
-- What an extension's script makes is the extension's, and let be. Temporary objects are nobody's concern: no other session
-- sees them. Under the name of a managed schema, another one's content is new there; an extension brings what was added to it
-- by hand, unlike what its script has made as a superuser.
CREATE OR REPLACE FUNCTION tenantry_private.note_commands()
RETURNS event_trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_is_guarded boolean;
    v_command record;
    v_is_new boolean;
BEGIN
    FOR v_command IN
        SELECT c.classid, c.objid, c.in_extension, c.command_tag, c.object_type
        FROM pg_event_trigger_ddl_commands() AS c
        WHERE c.schema_name IS DISTINCT FROM 'pg_temp'
            AND c.command_tag NOT IN ('COMMENT', 'SECURITY LABEL', 'REVOKE', 'REFRESH MATERIALIZED VIEW')
            AND (
                c.classid IN (
                    'pg_class'::regclass, 'pg_policy'::regclass, 'pg_trigger'::regclass, 'pg_rewrite'::regclass,
                    'pg_constraint'::regclass, 'pg_proc'::regclass, 'pg_namespace'::regclass, 'pg_type'::regclass
                )
                OR (c.command_tag = 'GRANT' AND c.object_type IN ('TABLE', 'SCHEMA'))
                OR c.command_tag = 'ALTER EXTENSION'
            )
            AND c.object_type <> 'sequence'
    LOOP
        v_is_guarded := coalesce(v_is_guarded, tenantry_private.is_guarded());
        EXIT WHEN NOT v_is_guarded;
        -- The schema and the types in a signature are renamed as well.
        IF v_command.command_tag LIKE 'ALTER %' OR v_command.classid = 'pg_proc'::regclass THEN
            PERFORM tenantry_private.follow_routines();
        END IF;
        IF v_command.classid = 'pg_namespace'::regclass THEN
            v_is_new := v_command.command_tag = 'ALTER SCHEMA'
                AND NOT EXISTS (SELECT FROM tenantry_private.managed_schemas AS m WHERE m.schema_oid = v_command.objid);
            PERFORM tenantry_private.follow_schemas();
            IF v_is_new AND tenantry_private.is_managed(v_command.objid) THEN
                -- What others are making in it is judged by them, or seen here.
                LOCK TABLE tenantry_private.pending_checks IN SHARE MODE;
                PERFORM tenantry_private.note_object('pg_class'::regclass, c.oid) FROM pg_class AS c WHERE c.relnamespace = v_command.objid;
                PERFORM tenantry_private.note_object('pg_proc'::regclass, p.oid) FROM pg_proc AS p WHERE p.pronamespace = v_command.objid;
            END IF;
            PERFORM tenantry_private.note_object(v_command.classid, 0);
        ELSIF v_command.in_extension THEN
            PERFORM tenantry_private.remember(ARRAY[c.oid], ARRAY[c.oid])
            FROM pg_class AS c
            WHERE v_command.classid = 'pg_class'::regclass AND v_command.command_tag LIKE 'CREATE %'
                AND c.oid = v_command.objid AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND tenantry_private.is_managed(c.relnamespace);
        ELSIF v_command.classid = 'pg_extension'::regclass THEN
            PERFORM tenantry_private.note_object(d.classid, d.objid)
            FROM pg_depend AS d
            LEFT JOIN pg_class AS c ON d.classid = 'pg_class'::regclass AND d.objid = c.oid
            LEFT JOIN pg_proc AS p ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid
            INNER JOIN pg_roles AS o ON coalesce(c.relowner, p.proowner) = o.oid
            WHERE d.refclassid = v_command.classid AND d.refobjid = v_command.objid AND d.deptype = 'e'
                AND NOT o.rolsuper AND tenantry_private.is_managed(coalesce(c.relnamespace, p.pronamespace));
        ELSIF v_command.classid IS NULL THEN
            PERFORM tenantry_private.note_object(CASE v_command.object_type WHEN 'SCHEMA' THEN 'pg_namespace'::regclass ELSE 0 END, 0);
        ELSIF v_command.classid = 'pg_proc'::regclass THEN
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
