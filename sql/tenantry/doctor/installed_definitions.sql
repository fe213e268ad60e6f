-- What tenantry was made of when it was installed or upgraded, for check_own_definitions(). Not part of a dump: the script that
-- restores the extension fills it.
CREATE TABLE tenantry_private.installed_definitions (
    object_name text NOT NULL,
    definition text NOT NULL,
    server_major int,
    CONSTRAINT installed_definitions_object_name_pkey PRIMARY KEY (object_name)
);

COMMENT ON TABLE tenantry_private.installed_definitions IS 'digests of what tenantry was made of when it was installed';
COMMENT ON COLUMN tenantry_private.installed_definitions.server_major IS 'major version that deparsed what the digest is of';
REVOKE ALL ON TABLE tenantry_private.installed_definitions FROM PUBLIC;
