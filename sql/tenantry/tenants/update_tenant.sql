-- Correct what is known of a tenant. What is left out stays as it is.
CREATE OR REPLACE FUNCTION tenantry.update_tenant(
    p_tenant uuid, p_slug text DEFAULT NULL, p_name text DEFAULT NULL, p_stripe_customer_id text DEFAULT NULL
)
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM tenantry_private.check_tenant(p_slug, p_name);
    UPDATE tenantry.tenants
    SET slug = coalesce(p_slug, slug),
        name = coalesce(p_name, name),
        stripe_customer_id = coalesce(p_stripe_customer_id, stripe_customer_id)
    WHERE tenant_id = p_tenant AND status <> 'container';
    IF NOT FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'no_data_found',
            MESSAGE = 'tenant does not exist',
            HINT = 'tenantry.tenants lists the tenants of this database.';
    END IF;
EXCEPTION WHEN unique_violation THEN
    RAISE EXCEPTION USING
        ERRCODE = 'unique_violation',
        MESSAGE = 'a tenant with this slug, id or Stripe customer exists already',
        HINT = 'Look it up in tenantry.tenants, or choose another slug.';
END
$$;

COMMENT ON FUNCTION tenantry.update_tenant(uuid, text, text, text) IS 'correct the slug, name or Stripe customer of a tenant';
REVOKE ALL ON FUNCTION tenantry.update_tenant(uuid, text, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.update_tenant(uuid, text, text, text) TO tenantry_admin;
