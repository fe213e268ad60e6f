-- The user that the setting names, unverified: a column default, with a policy that compares the written rows with
-- current_member(). See claimed_tenant.
CREATE OR REPLACE FUNCTION tenantry.claimed_member()
RETURNS text
LANGUAGE sql
STABLE
PARALLEL SAFE
BEGIN ATOMIC
    SELECT
        CASE
            -- Only without a sealed context, that is in mode setting: see unsealed_context.
            WHEN coalesce(pg_catalog.current_setting('tenantry.context', true), '') = ''
                THEN nullif(pg_catalog.current_setting('app.current_user_id', true), '')
            ELSE pg_catalog.convert_from(
                pg_catalog.decode(
                    nullif(pg_catalog.split_part(pg_catalog.current_setting('tenantry.context', true), '|', 8), ''), 'hex'
                ),
                'UTF8'
            )
        END;
END;

COMMENT ON FUNCTION tenantry.claimed_member() IS 'unverified user of the current context, for column defaults only';
REVOKE ALL ON FUNCTION tenantry.claimed_member() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.claimed_member() TO tenantry_admin, tenantry_app, tenantry_gateway, tenantry_auditor;
