-- Append a record to the trail of a tenant, or without a tenant to the system's. Who did it comes from the verified
-- context, where that is the tenant's, and from the login.
--
-- p_is_own: the row is an application's, which has to have said who it is.
--
-- The transaction goes on in the lane that it has written to already: tenantry.audit_head holds the place of the row that
-- says where that lane ends. Whoever forges it names another end of the same trail, or none.
CREATE OR REPLACE FUNCTION tenantry_private.write_audit(
    p_tenant uuid,
    p_operation text,
    p_table text DEFAULT NULL,
    p_row_count bigint DEFAULT NULL,
    p_row_keys text[] DEFAULT NULL,
    p_changed_columns text[] DEFAULT NULL,
    p_details jsonb DEFAULT NULL,
    p_values jsonb DEFAULT NULL,
    p_is_own boolean DEFAULT false
)
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_context CONSTANT text[] := tenantry_private.verified_context();
    v_now CONSTANT timestamptz := clock_timestamp();
    v_trail CONSTANT uuid := coalesce(p_tenant, 'ffffffff-ffff-ffff-ffff-ffffffffffff');
    v_end CONSTANT text := current_setting('tenantry.audit_head', true);
    v_transaction CONSTANT xid8 := pg_current_xact_id();
    v_details jsonb := p_details;
    v_member_digest bytea;
    v_key uuid;
    v_role text;
    v_lane uuid;
    v_head tid;
    v_position bigint;
    v_hash bytea;
    v_token text;
BEGIN
    IF v_context[1]::uuid = p_tenant THEN
        v_key := nullif(v_context[7], '')::uuid;
        v_role := v_context[6];
        IF v_context[8] <> '' THEN
            v_member_digest := tenantry_private.audit_member_digest(p_tenant, convert_from(decode(v_context[8], 'hex'), 'UTF8'));
        END IF;
        -- No MAC: the compatibility mode, in which a claim proves nothing.
        IF v_context[9] IS NULL THEN
            v_details := coalesce(v_details, '{}') || '{"context": "unsealed"}';
        END IF;
    ELSIF p_is_own AND p_tenant IS NOT NULL AND tenantry_private.is_anonymous(p_tenant, v_context[1]::uuid) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'insufficient_privilege',
            MESSAGE = 'the audit log cannot tell who changed the row',
            HINT = 'Leave a tenant, or enter another, between statements and not within one that writes.';
    END IF;
    IF p_values IS NOT NULL THEN
        SELECT coalesce(v_details, '{}') || jsonb_build_object(
            'values_digest', encode(sha256(s.salt || convert_to(p_values::text, 'UTF8')), 'hex')
        )
        INTO v_details
        FROM tenantry_private.audit_salts AS s
        WHERE s.tenant_id = p_tenant;
    END IF;

    -- A month ahead, because who makes the current one stops all other writers until it commits.
    IF to_regclass(tenantry_private.audit_partition_name(v_now)) IS NULL THEN
        PERFORM tenantry_private.make_audit_partition(v_now);
    END IF;
    IF to_regclass(tenantry_private.audit_partition_name(v_now + interval '1 month')) IS NULL THEN
        PERFORM tenantry_private.make_audit_partition(v_now + interval '1 month', true);
    END IF;

    IF v_end ~ '^[(][0-9]{1,9},[0-9]{1,4}[)]$' THEN
        v_head := v_end::tid;
    END IF;
    LOOP
        IF v_head IS NULL THEN
            v_head := tenantry_private.take_audit_head(v_trail);
        END IF;
        UPDATE tenantry_private.audit_heads AS h
        SET position = h.position + 1,
            occurred_at = v_now,
            hash = tenantry_private.audit_hash(
                h.hash, h.lane, h.position + 1, v_now, p_tenant, p_operation, p_table, p_row_count, p_row_keys, p_changed_columns,
                v_details, v_member_digest, v_key, v_role, session_user, v_transaction
            )
        WHERE h.ctid = v_head AND h.trail = v_trail
        RETURNING h.ctid, h.lane, h.position, h.hash INTO v_head, v_lane, v_position, v_hash;
        EXIT WHEN FOUND;
    END LOOP;

    INSERT INTO tenantry.audit_log (
        tenant_id, occurred_at, operation, table_name, row_count, row_keys, changed_columns, details,
        member_digest, key_id, role, login, transaction_id, lane, position, hash
    )
    VALUES (
        p_tenant, v_now, p_operation, p_table, p_row_count, p_row_keys, p_changed_columns, v_details,
        v_member_digest, v_key, v_role, session_user, v_transaction, v_lane, v_position, v_hash
    );
    IF p_values IS NOT NULL AND v_details IS NOT NULL THEN
        INSERT INTO tenantry.audit_values (tenant_id, lane, position, changes)
        VALUES (p_tenant, v_lane, v_position, p_values);
    END IF;
    v_token := set_config('tenantry.audit_head', v_head::text, true);
END
$$;

COMMENT ON FUNCTION tenantry_private.write_audit(uuid, text, text, bigint, text[], text[], jsonb, jsonb, boolean)
IS 'append a record to the audit log';
REVOKE ALL ON FUNCTION tenantry_private.write_audit(uuid, text, text, bigint, text[], text[], jsonb, jsonb, boolean) FROM PUBLIC;
