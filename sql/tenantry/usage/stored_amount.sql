-- What a tenant and its collections store in all metered tables, what of it was charged, and what this transaction itself has
-- deleted, as far as this transaction sees.
CREATE OR REPLACE FUNCTION tenantry_private.stored_amount(
    p_tenant uuid,
    OUT stored_rows bigint, OUT stored_bytes bigint,
    OUT charged_rows bigint, OUT charged_bytes bigint,
    OUT deleted_rows bigint, OUT deleted_bytes bigint
)
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    SELECT
        coalesce(sum(s.stored_rows), 0)::bigint, coalesce(sum(s.stored_bytes), 0)::bigint,
        coalesce(sum(s.charged_rows), 0)::bigint, coalesce(sum(s.charged_bytes), 0)::bigint,
        coalesce(sum(s.deleted_rows) FILTER (WHERE s.last_deleter = pg_current_xact_id_if_assigned()), 0)::bigint,
        coalesce(sum(s.deleted_bytes) FILTER (WHERE s.last_deleter = pg_current_xact_id_if_assigned()), 0)::bigint
    INTO stored_rows, stored_bytes, charged_rows, charged_bytes, deleted_rows, deleted_bytes
    FROM tenantry_private.stored_amounts AS s
    WHERE s.tenant_id IN (SELECT t.tenant_id FROM tenantry.tenants AS t WHERE p_tenant IN (t.tenant_id, t.owner_tenant_id));
END
$$;

COMMENT ON FUNCTION tenantry_private.stored_amount(uuid) IS 'what a tenant stores, and what of it was charged';
REVOKE ALL ON FUNCTION tenantry_private.stored_amount(uuid) FROM PUBLIC;
