-- The first signing key of this database. In a file of its own, because upgrades repeat the functions' files.
SELECT tenantry.rotate_context_key();
