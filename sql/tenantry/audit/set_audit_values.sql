-- Say what the trail tells of values in protected tables. 'none' (the default): which columns changed. 'hashed': a digest of
-- each value too, which shows that two values are the same and nothing else. 'kept': the values, apart from the trail,
-- for the tenant at its highest clearance, until the tenant is erased.
CREATE OR REPLACE FUNCTION tenantry.set_audit_values(p_mode text)
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF p_mode IS NULL OR p_mode NOT IN ('none', 'hashed', 'kept') THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'unknown mode of audited values',
            HINT = 'Use none, hashed or kept.';
    END IF;
    PERFORM tenantry_private.set_configuration('audit_values', p_mode);
END
$$;

COMMENT ON FUNCTION tenantry.set_audit_values(text) IS 'choose whether the audit log keeps values: none, hashed or kept';
REVOKE ALL ON FUNCTION tenantry.set_audit_values(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.set_audit_values(text) TO tenantry_admin;
