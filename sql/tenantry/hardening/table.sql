-- What harden() took from PUBLIC, and whom it gave it to, so that unharden() takes back that and no more. Routines by signature,
-- because a dump is restored where they have other oids. The privileges themselves are in a dump too, except those on the database.
CREATE TABLE tenantry_private.hardened (
    object_name text NOT NULL,
    part text NOT NULL,
    given_to text[] NOT NULL,
    hardened_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    CONSTRAINT hardened_object_name_pkey PRIMARY KEY (object_name)
);

COMMENT ON TABLE tenantry_private.hardened IS 'what harden() took from PUBLIC';
REVOKE ALL ON TABLE tenantry_private.hardened FROM PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('tenantry_private.hardened', '');
