-- The five cluster roles. They are shared by every database of the cluster, so an existing one is kept,
-- but never trusted blindly: a role that can log in or that row-level security does not bind would undo everything.
DO $$
DECLARE
    v_role text;
    v_unfit text;
BEGIN
    FOREACH v_role IN ARRAY ARRAY['tenantry_owner', 'tenantry_admin', 'tenantry_app', 'tenantry_gateway', 'tenantry_auditor']
    LOOP
        IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles AS r WHERE r.rolname OPERATOR(pg_catalog.=) v_role) THEN
            EXECUTE pg_catalog.format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION', v_role);
        END IF;
    END LOOP;

    SELECT r.rolname INTO v_unfit
    FROM pg_catalog.pg_roles AS r
    WHERE r.rolname OPERATOR(pg_catalog.=) ANY (ARRAY['tenantry_owner', 'tenantry_admin', 'tenantry_app', 'tenantry_gateway', 'tenantry_auditor'])
        AND (r.rolsuper OR r.rolbypassrls OR r.rolreplication OR r.rolcanlogin)
    LIMIT 1;
    IF v_unfit IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = pg_catalog.format('role "%s" exists and has attributes that tenantry''s roles must not have', v_unfit),
            HINT = pg_catalog.format('ALTER ROLE %I NOLOGIN NOSUPERUSER NOBYPASSRLS NOREPLICATION, then create the extension again.', v_unfit);
    END IF;

    -- Whatever these would give away is granted before the script can take it back.
    IF EXISTS (
        SELECT FROM pg_catalog.pg_default_acl AS d
        INNER JOIN pg_catalog.pg_roles AS r ON d.defaclrole OPERATOR(pg_catalog.=) r.oid
        WHERE r.rolname OPERATOR(pg_catalog.=) 'tenantry_owner'
    ) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = 'tenantry_owner has default privileges in this database, which would open its objects to others',
            HINT = 'Take them back with ALTER DEFAULT PRIVILEGES FOR ROLE tenantry_owner REVOKE …; \ddp lists them.';
    END IF;

    SELECT m.rolname INTO v_unfit
    FROM pg_catalog.pg_auth_members AS a
    INNER JOIN pg_catalog.pg_roles AS o ON a.roleid OPERATOR(pg_catalog.=) o.oid
    INNER JOIN pg_catalog.pg_roles AS m ON a.member OPERATOR(pg_catalog.=) m.oid
    WHERE o.rolname OPERATOR(pg_catalog.=) 'tenantry_owner' AND NOT m.rolsuper
    LIMIT 1;
    IF v_unfit IS NOT NULL THEN
        RAISE WARNING USING
            MESSAGE = pg_catalog.format('role "%s" is a member of tenantry_owner and can read its keys', v_unfit),
            HINT = pg_catalog.format('REVOKE tenantry_owner FROM %I; no member is needed.', v_unfit);
    END IF;
END
$$;
