-- The hash of a record: SHA-256 over the hash of the record before it in its lane and the record's fields, as a JSON
-- array in UTF-8. The text of jsonb depends on no setting, and json.dumps(…, ensure_ascii=False) of Python gives the
-- same. docs/reference/audit.md describes it for who verifies outside of the database. Inlined, hence BEGIN ATOMIC.
CREATE OR REPLACE FUNCTION tenantry_private.audit_hash(
    p_previous bytea,
    p_lane uuid,
    p_position bigint,
    p_occurred_at timestamptz,
    p_tenant uuid,
    p_operation text,
    p_table text,
    p_row_count bigint,
    p_row_keys text[],
    p_changed_columns text[],
    p_details jsonb,
    p_member_digest bytea,
    p_key uuid,
    p_role text,
    p_login text,
    p_transaction xid8
)
RETURNS bytea
LANGUAGE sql
STABLE
BEGIN ATOMIC
    SELECT pg_catalog.sha256(
        p_previous OPERATOR(pg_catalog.||) pg_catalog.convert_to(
            pg_catalog.jsonb_build_array(
                p_lane,
                p_position,
                pg_catalog.to_char(pg_catalog.timezone('UTC', p_occurred_at), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
                p_tenant,
                p_operation,
                p_table,
                p_row_count,
                p_row_keys,
                p_changed_columns,
                p_details::text,
                pg_catalog.encode(p_member_digest, 'hex'),
                p_key,
                p_role,
                p_login,
                p_transaction::text
            )::text,
            'UTF8'
        )
    );
END;

COMMENT ON FUNCTION tenantry_private.audit_hash(
    bytea, uuid, bigint, timestamptz, uuid, text, text, bigint, text[], text[], jsonb, bytea, uuid, text, text, xid8
) IS 'hash of a record of the audit log';
REVOKE ALL ON FUNCTION tenantry_private.audit_hash(
    bytea, uuid, bigint, timestamptz, uuid, text, text, bigint, text[], text[], jsonb, bytea, uuid, text, text, xid8
) FROM PUBLIC;
