-- What an admin has changed of the roles' clearances and of their right to lower levels, and the roles an admin has added.
CREATE TABLE tenantry_private.role_clearances (
    role text NOT NULL,
    clearance text NOT NULL,
    may_lower boolean NOT NULL,
    CONSTRAINT role_clearances_role_pkey PRIMARY KEY (role),
    CONSTRAINT role_clearances_role_check CHECK (role OPERATOR(pg_catalog.~) '^[a-z][a-z0-9_-]{0,62}$')
);

COMMENT ON TABLE tenantry_private.role_clearances IS 'clearances and rights of roles that differ from the defaults';
REVOKE ALL ON TABLE tenantry_private.role_clearances FROM PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('tenantry_private.role_clearances', '');
