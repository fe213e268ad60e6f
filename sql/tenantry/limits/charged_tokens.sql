-- What a tenant has been charged since the beginning of a day or month. The counter holds the number of the day or month,
-- shifted by 40 bits, plus the tokens. One that stands for another time, or was lost in a crash, begins with what is recorded.
CREATE OR REPLACE FUNCTION tenantry_private.charged_tokens(p_tenant uuid, p_counter regclass, p_number int, p_since date)
RETURNS bigint
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_value CONSTANT bigint := coalesce(pg_sequence_last_value(p_counter), 0);
BEGIN
    IF v_value >> 40 = p_number THEN
        RETURN v_value & 1099511627775;
    END IF;
    RETURN tenantry_private.spent_tokens(p_tenant, p_since);
END
$$;

COMMENT ON FUNCTION tenantry_private.charged_tokens(uuid, regclass, int, date) IS 'tokens that a tenant was charged in a day or month';
REVOKE ALL ON FUNCTION tenantry_private.charged_tokens(uuid, regclass, int, date) FROM PUBLIC;
