-- The logins that people use, and that may therefore open contexts for their whole session: none unless an admin says so.
-- By name, because a dump is restored where other roles have other ids.
CREATE TABLE tenantry_private.session_logins (
    login_role text NOT NULL,
    lifetime interval NOT NULL,
    allowed_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    CONSTRAINT session_logins_login_role_pkey PRIMARY KEY (login_role)
);

COMMENT ON TABLE tenantry_private.session_logins IS 'logins that may open contexts for their session';
REVOKE ALL ON TABLE tenantry_private.session_logins FROM PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('tenantry_private.session_logins', '');
