-- What an admin has changed from the defaults in this database. Defaults live in the functions that use them,
-- so that the table starts empty and a restored dump never collides with rows of the install script.
CREATE TABLE tenantry_private.configuration (
    name text NOT NULL,
    value text NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    CONSTRAINT configuration_name_pkey PRIMARY KEY (name)
);

COMMENT ON TABLE tenantry_private.configuration IS 'settings of this database that differ from their defaults';
REVOKE ALL ON TABLE tenantry_private.configuration FROM PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('tenantry_private.configuration', '');
