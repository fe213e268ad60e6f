-- Trigger: TRUNCATE ignores row-level security, so whoever is bound by it may not truncate, whatever is granted later.
CREATE OR REPLACE FUNCTION tenantry.refuse_truncate()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF row_security_active(TG_RELID) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'insufficient_privilege',
            MESSAGE = format('"%s" holds the rows of several tenants and cannot be truncated', TG_TABLE_NAME),
            HINT = 'Delete the rows of one tenant in its context; a superuser may truncate.';
    END IF;
    RETURN NULL;
END
$$;

COMMENT ON FUNCTION tenantry.refuse_truncate() IS 'trigger of protected tables: TRUNCATE is not for roles that policies bind';
REVOKE ALL ON FUNCTION tenantry.refuse_truncate() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.refuse_truncate() TO tenantry_admin;
