-- Create a customer. The slug is the tenant's readable name: it is unique and asked for before an erasure. An
-- application that has tenants already keeps their ids by p_tenant_id.
CREATE OR REPLACE FUNCTION tenantry.create_tenant(
    p_slug text, p_name text, p_stripe_customer_id text DEFAULT NULL, p_tenant_id uuid DEFAULT NULL
)
RETURNS uuid
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_tenant uuid;
BEGIN
    IF p_tenant_id = '00000000-0000-0000-0000-000000000000' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'the tenant id of all zeros stands for shared rows',
            HINT = 'Give the customer another id.';
    END IF;
    PERFORM tenantry_private.check_tenant(coalesce(p_slug, ''), coalesce(p_name, ''));
    INSERT INTO tenantry.tenants (tenant_id, slug, name, stripe_customer_id)
    VALUES (coalesce(p_tenant_id, gen_random_uuid()), p_slug, p_name, p_stripe_customer_id)
    ON CONFLICT DO NOTHING
    RETURNING tenant_id INTO v_tenant;
    IF v_tenant IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'unique_violation',
            MESSAGE = 'a tenant with this slug, id or Stripe customer exists already',
            HINT = 'Look it up in tenantry.tenants, or choose another slug.';
    END IF;
    RETURN v_tenant;
END
$$;

COMMENT ON FUNCTION tenantry.create_tenant(text, text, text, uuid) IS 'create a tenant and return its id';
REVOKE ALL ON FUNCTION tenantry.create_tenant(text, text, text, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.create_tenant(text, text, text, uuid) TO tenantry_admin;
