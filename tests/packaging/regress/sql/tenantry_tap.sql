-- Smoke test of an installed server: the assertions for pgTAP pass on a protected table, and fail on an open one.
\set VERBOSITY sqlstate
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;
CREATE EXTENSION tenantry_tap CASCADE;
CREATE ROLE regress_tenantry_app IN ROLE tenantry_app;
SELECT tenantry.create_tenant('acme', 'Acme') AS acme, tenantry.create_tenant('globex', 'Globex') AS globex \gset
CREATE TABLE notes (tenant_id uuid, body text);
SELECT FROM tenantry.protect('notes');
GRANT SELECT, INSERT, UPDATE, DELETE ON notes TO tenantry_app;

BEGIN;
SET LOCAL search_path = public, tenantry_tap;
SELECT FROM open_tenant(:'acme');
INSERT INTO notes (body) VALUES ('of Acme');
SELECT FROM open_tenant(:'globex');
INSERT INTO notes (body) VALUES ('of Globex');
SELECT plan(3);
SELECT is_protected('notes');
SELECT is_isolated('notes', :'acme', :'globex', 'regress_tenantry_app');
CREATE VIEW seen AS SELECT * FROM notes;
GRANT SELECT ON seen TO tenantry_app;
SELECT is_isolated('notes', :'acme', :'globex', 'regress_tenantry_app');
SELECT * FROM finish();
ROLLBACK;

DROP EXTENSION tenantry_tap;
DROP TABLE notes;
DROP EXTENSION tenantry CASCADE;
DROP ROLE regress_tenantry_app;
