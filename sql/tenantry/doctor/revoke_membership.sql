-- The statement that ends a membership. From PostgreSQL 16 on it has to name who granted it.
CREATE OR REPLACE FUNCTION tenantry_private.revoke_membership(p_granted oid, p_member oid, p_grantor oid)
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format(
        'REVOKE %s FROM %s%s;', p_granted::regrole, p_member::regrole,
        CASE WHEN current_setting('server_version_num')::int >= 160000 THEN format(' GRANTED BY %s', p_grantor::regrole) END
    );
$$;

COMMENT ON FUNCTION tenantry_private.revoke_membership(oid, oid, oid) IS 'the statement that ends a membership';
REVOKE ALL ON FUNCTION tenantry_private.revoke_membership(oid, oid, oid) FROM PUBLIC;
