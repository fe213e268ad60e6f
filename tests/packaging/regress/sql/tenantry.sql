-- Smoke test of an installed server: two tenants, one table, and what an application's role gets to see.
\set VERBOSITY sqlstate
CREATE EXTENSION tenantry;
CREATE ROLE regress_tenantry_app IN ROLE tenantry_app;

CREATE TABLE orders (tenant_id uuid, item text);
SELECT tenantry.protect('orders');
GRANT SELECT, INSERT ON orders TO tenantry_app;

SELECT tenantry.create_tenant('acme', 'Acme') AS acme \gset
SELECT tenantry.create_tenant('globex', 'Globex') AS globex \gset
SELECT api_key AS acme_key FROM tenantry.issue_api_key(:'acme', 'smoke test') \gset
SELECT api_key AS globex_key FROM tenantry.issue_api_key(:'globex', 'smoke test') \gset

SET SESSION AUTHORIZATION regress_tenantry_app;

-- Outside a context: nothing to see, nothing to write.
SELECT count(*) FROM orders;
INSERT INTO orders (item) VALUES ('nobody''s');

-- Each tenant sees what it wrote.
BEGIN;
SELECT tenant_id = :'acme' AS is_acme, role, clearance FROM tenantry.authenticate(:'acme_key');
INSERT INTO orders (item) VALUES ('anvil');
COMMIT;
BEGIN;
SELECT tenant_id = :'globex' AS is_globex FROM tenantry.authenticate(:'globex_key');
SELECT item FROM orders;
INSERT INTO orders (item) VALUES ('rocket');
SELECT item FROM orders;
COMMIT;

-- Nobody writes for another tenant, and a key of one does not open the other.
BEGIN;
SELECT tenant_id = :'globex' AS is_globex FROM tenantry.authenticate(:'globex_key');
INSERT INTO orders (tenant_id, item) VALUES (:'acme', 'planted');
ROLLBACK;
SELECT tenantry.authenticate(replace(:'acme_key', :'acme', :'globex'));
SELECT count(*) FROM orders;

RESET SESSION AUTHORIZATION;
SELECT item FROM orders ORDER BY item;
DROP TABLE orders;
DROP EXTENSION tenantry;
DROP ROLE regress_tenantry_app;
