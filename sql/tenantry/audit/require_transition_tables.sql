-- For triggers that read the rows of a statement as tenantry_owner: without transition tables, the names that they read would
-- mean temporary tables or views of the session, and run the code in those. No price to pay where there are none.
CREATE OR REPLACE FUNCTION tenantry_private.require_transition_tables(p_relation regclass, p_trigger name, p_operation text)
RETURNS void
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF num_nonnulls(to_regclass('pg_temp.new_rows'), to_regclass('pg_temp.old_rows')) = 0 THEN
        RETURN;
    END IF;
    IF NOT EXISTS (
        SELECT FROM pg_trigger AS t
        WHERE t.tgrelid = p_relation AND t.tgname = p_trigger
            AND (p_operation = 'INSERT' OR t.tgoldtable = 'old_rows')
            AND (p_operation = 'DELETE' OR t.tgnewtable = 'new_rows')
    ) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('trigger "%s" of %s has no transition tables', p_trigger, p_relation),
            HINT = 'Let tenantry.protect(), meter_tokens() and meter_storage() make the triggers.';
    END IF;
END
$$;

COMMENT ON FUNCTION tenantry_private.require_transition_tables(regclass, name, text)
IS 'refuse a trigger that would read temporary tables for the rows of its statement';
REVOKE ALL ON FUNCTION tenantry_private.require_transition_tables(regclass, name, text) FROM PUBLIC;
