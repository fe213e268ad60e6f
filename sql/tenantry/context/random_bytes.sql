-- 32 random bytes with the full 256 bits of entropy: three version 4 UUIDs carry 366 bits from the server's
-- cryptographic generator, and core PostgreSQL offers no other access to it.
CREATE OR REPLACE FUNCTION tenantry_private.random_bytes()
RETURNS bytea
LANGUAGE sql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));
$$;

COMMENT ON FUNCTION tenantry_private.random_bytes() IS '32 bytes from the cryptographic random generator';
REVOKE ALL ON FUNCTION tenantry_private.random_bytes() FROM PUBLIC;
