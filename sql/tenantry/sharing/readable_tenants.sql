-- Whose rows of a table the current context may read: its tenant's, those of that tenant's collections, and what is shared
-- with it and accepted, unless the owner is suspended. Nobody's outside a context.
-- Policies of shared tables compare with this list. It is exact, so an index that begins with the tenant finds the rows
-- that may be read and touches no others: neither EXPLAIN ANALYZE nor the time taken tells anything of those. Of the shares
-- only accepted ones are looked at, or whoever offers many would slow the tenant down.
CREATE OR REPLACE FUNCTION tenantry.readable_tenants(p_table regclass)
RETURNS SETOF uuid
LANGUAGE plpgsql
STABLE
ROWS 3
PARALLEL RESTRICTED
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_tenant CONSTANT uuid := (tenantry_private.verified_context())[1]::uuid;
BEGIN
    IF v_tenant IS NULL THEN
        RETURN;
    END IF;
    RETURN NEXT v_tenant;
    -- Most tenants have neither, and a look costs less than a RETURN QUERY.
    IF EXISTS (SELECT FROM tenantry.tenants AS t WHERE t.owner_tenant_id = v_tenant) THEN
        RETURN QUERY SELECT t.tenant_id FROM tenantry.tenants AS t WHERE t.owner_tenant_id = v_tenant;
    END IF;
    IF EXISTS (SELECT FROM tenantry_private.accepted_shares AS a WHERE a.grantee_tenant_id = v_tenant) THEN
        RETURN QUERY
        SELECT t.tenant_id
        FROM tenantry_private.accepted_shares AS a
        -- OFFSET keeps this a look-up for each: with old statistics all shares would be read.
        CROSS JOIN LATERAL (
            SELECT f.owner_tenant_id, f.collection_id
            FROM tenantry_private.shares AS f
            WHERE f.share_id = a.share_id AND f.table_name = p_table
            OFFSET 0
        ) AS s
        INNER JOIN tenantry.tenants AS o ON s.owner_tenant_id = o.tenant_id AND o.status <> 'suspended'
        INNER JOIN tenantry.tenants AS t ON s.collection_id IN (t.tenant_id, t.owner_tenant_id)
        WHERE a.grantee_tenant_id = v_tenant;
        IF FOUND AND current_setting('transaction_isolation') IN ('repeatable read', 'serializable') THEN
            PERFORM tenantry_private.refuse_withdrawn_shares(p_table, v_tenant);
        END IF;
    END IF;
END
$$;

COMMENT ON FUNCTION tenantry.readable_tenants(regclass) IS 'tenants whose rows of a shared table the current context may read';
REVOKE ALL ON FUNCTION tenantry.readable_tenants(regclass) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.readable_tenants(regclass) TO tenantry_admin, tenantry_app, tenantry_gateway, tenantry_auditor;
