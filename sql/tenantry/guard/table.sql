-- The schemas that the guard and the doctor watch, and what is exempt in them. By name where a number would not survive
-- pg_upgrade; schema_oid tells a schema that was renamed from one that is gone, and is set anew where it is out of date.
CREATE TABLE tenantry_private.managed_schemas (
    schema_name name NOT NULL,
    schema_oid oid NOT NULL,
    managed_by text NOT NULL DEFAULT session_user,
    managed_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    CONSTRAINT managed_schemas_schema_name_pkey PRIMARY KEY (schema_name)
);

COMMENT ON TABLE tenantry_private.managed_schemas IS 'schemas in which everything has to be protected or exempt';
REVOKE ALL ON TABLE tenantry_private.managed_schemas FROM PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('tenantry_private.managed_schemas', '');

CREATE TABLE tenantry_private.exempt_relations (
    relation regclass NOT NULL,
    reason text NOT NULL,
    exempted_by text NOT NULL DEFAULT session_user,
    exempted_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    CONSTRAINT exempt_relations_relation_pkey PRIMARY KEY (relation)
);

COMMENT ON TABLE tenantry_private.exempt_relations IS 'relations that need no protection, and why';
REVOKE ALL ON TABLE tenantry_private.exempt_relations FROM PUBLIC;
SELECT pg_catalog.pg_extension_config_dump(
    'tenantry_private.exempt_relations',
    'WHERE EXISTS (SELECT FROM pg_catalog.pg_class AS c WHERE c.oid OPERATOR(pg_catalog.=) relation)'
);

CREATE TABLE tenantry_private.exempt_routines (
    signature text NOT NULL,
    reason text NOT NULL,
    exempted_by text NOT NULL DEFAULT session_user,
    exempted_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    CONSTRAINT exempt_routines_signature_pkey PRIMARY KEY (signature)
);

COMMENT ON TABLE tenantry_private.exempt_routines IS 'routines that may be SECURITY DEFINER as they stand, and why';
REVOKE ALL ON TABLE tenantry_private.exempt_routines FROM PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('tenantry_private.exempt_routines', '');
