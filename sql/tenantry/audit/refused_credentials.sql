-- How many credentials of each kind have been refused. Sequences, because a refusal aborts its transaction, and a
-- sequence is the one counter that neither a rollback reaches nor concurrent transactions queue for.
CREATE SEQUENCE tenantry_private.refused_api_keys;
CREATE SEQUENCE tenantry_private.refused_jwts;

COMMENT ON SEQUENCE tenantry_private.refused_api_keys IS 'number of API keys refused';
COMMENT ON SEQUENCE tenantry_private.refused_jwts IS 'number of JSON web tokens refused';
REVOKE ALL ON SEQUENCE tenantry_private.refused_api_keys, tenantry_private.refused_jwts FROM PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('tenantry_private.refused_api_keys', '');
SELECT pg_catalog.pg_extension_config_dump('tenantry_private.refused_jwts', '');
