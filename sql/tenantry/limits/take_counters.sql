-- Take counters for a key or a tenant that has none, all at 0: those whose holder needs them no longer, and new ones.
CREATE OR REPLACE FUNCTION tenantry_private.take_counters(p_holder uuid, p_count int)
RETURNS regclass[]
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_counters regclass[];
    v_name text;
BEGIN
    -- One taker at a time. Counting goes on meanwhile.
    LOCK TABLE tenantry_private.counters IN SHARE ROW EXCLUSIVE MODE;

    WITH taken AS (
        UPDATE tenantry_private.counters AS c
        SET holder = p_holder
        WHERE c.counter IN (
            SELECT f.counter
            FROM tenantry_private.counters AS f
            WHERE NOT EXISTS (
                SELECT FROM tenantry_private.api_keys AS k
                WHERE k.key_id = f.holder AND k.request_counter IS NOT NULL
                    AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > clock_timestamp())
            )
                AND NOT EXISTS (SELECT FROM tenantry_private.tenant_limits AS l WHERE l.tenant_id = f.holder)
            LIMIT p_count
        )
        RETURNING c.counter, setval(c.counter, 0)
    )
    SELECT array_agg(t.counter) INTO v_counters FROM taken AS t;

    WHILE coalesce(cardinality(v_counters), 0) < p_count LOOP
        v_name := format('tenantry_private.counter_%s', replace(gen_random_uuid()::text, '-', ''));
        EXECUTE format(
            'CREATE UNLOGGED SEQUENCE %s MINVALUE 0 START 1 OWNED BY tenantry_private.counters.counter', v_name
        );
        EXECUTE format('COMMENT ON SEQUENCE %s IS ''counts what a limit bounds''', v_name);
        INSERT INTO tenantry_private.counters (counter, holder) VALUES (v_name::regclass, p_holder);
        v_counters := v_counters || v_name::regclass;
    END LOOP;
    RETURN v_counters;
END
$$;

COMMENT ON FUNCTION tenantry_private.take_counters(uuid, int) IS 'take counters for a key or a tenant';
REVOKE ALL ON FUNCTION tenantry_private.take_counters(uuid, int) FROM PUBLIC;
