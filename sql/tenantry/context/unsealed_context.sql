-- The context of the compatibility mode: what the plain settings claim, in the field order of seal_context.
-- NULL unless an admin has chosen that mode and app.current_tenant_id names an active tenant's id.
CREATE OR REPLACE FUNCTION tenantry_private.unsealed_context()
RETURNS text[]
LANGUAGE plpgsql
STABLE
PARALLEL RESTRICTED
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_claim CONSTANT text := lower(current_setting('app.current_tenant_id', true));
    v_role CONSTANT text := coalesce(nullif(current_setting('app.current_role', true), ''), 'member');
    v_user CONSTANT text := nullif(current_setting('app.current_user_id', true), '');
    v_tenant uuid;
    v_clearance text;
BEGIN
    IF v_claim IS NULL OR v_claim = '' OR NOT EXISTS (
        SELECT FROM tenantry_private.configuration AS c WHERE c.name = 'context_mode' AND c.value = 'setting'
    ) THEN
        RETURN NULL;
    END IF;

    IF current_setting('transaction_isolation') IN ('repeatable read', 'serializable') THEN
        PERFORM tenantry_private.refuse_stale_snapshot();
    END IF;
    -- Matched before it is cast: a cast that fails would need a subtransaction, which parallel plans forbid.
    IF v_claim ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN
        SELECT t.tenant_id INTO v_tenant
        FROM tenantry.tenants AS t
        WHERE t.tenant_id = v_claim::uuid AND t.status = 'active';
    END IF;
    v_clearance := tenantry_private.role_clearance(v_role);
    IF v_tenant IS NULL OR v_clearance IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'insufficient_privilege',
            MESSAGE = 'the claimed tenant or role does not exist or is suspended',
            HINT = 'app.current_tenant_id takes the id of an active tenant, app.current_role one of its roles.';
    END IF;
    RETURN ARRAY[v_tenant::text, NULL, NULL, NULL, v_clearance, v_role, NULL, encode(convert_to(v_user, 'UTF8'), 'hex'), NULL];
END
$$;

COMMENT ON FUNCTION tenantry_private.unsealed_context() IS 'context of the compatibility mode setting';
REVOKE ALL ON FUNCTION tenantry_private.unsealed_context() FROM PUBLIC;
