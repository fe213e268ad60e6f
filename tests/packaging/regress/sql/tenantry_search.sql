-- Smoke test of an installed server: the AI tables of two tenants, and a search that stays inside its tenant.
\set VERBOSITY sqlstate
SET client_min_messages = warning;
CREATE EXTENSION tenantry_search CASCADE;
CREATE ROLE regress_tenantry_app IN ROLE tenantry_app;
SELECT tenantry.create_ai_schema('public', 3);

SELECT tenantry.create_tenant('acme', 'Acme') AS acme \gset
SELECT tenantry.create_tenant('globex', 'Globex') AS globex \gset
SELECT api_key AS acme_key FROM tenantry.issue_api_key(:'acme', 'smoke test') \gset
SELECT api_key AS globex_key FROM tenantry.issue_api_key(:'globex', 'smoke test') \gset

SET SESSION AUTHORIZATION regress_tenantry_app;
BEGIN;
SELECT tenant_id = :'acme' AS is_acme FROM tenantry.authenticate(:'acme_key');
WITH d AS (INSERT INTO documents (title) VALUES ('anvils') RETURNING id)
INSERT INTO chunks (document_id, ordinal, content, embedding)
SELECT d.id, n, 'anvil ' || n, format('[1,%s,0]', n)::vector FROM d, generate_series(1, 3) AS n;
COMMIT;
BEGIN;
SELECT tenant_id = :'globex' AS is_globex FROM tenantry.authenticate(:'globex_key');
WITH d AS (INSERT INTO documents (title) VALUES ('rockets') RETURNING id)
INSERT INTO chunks (document_id, ordinal, content, embedding) SELECT d.id, 1, 'rocket', '[0,1,0]' FROM d;

-- The same question, each tenant's own answer.
SELECT content, round(distance::numeric, 3) AS distance FROM tenantry.search('[1,1,0]', 2);
COMMIT;
BEGIN;
SELECT tenant_id = :'acme' AS is_acme FROM tenantry.authenticate(:'acme_key');
SELECT content, round(distance::numeric, 3) AS distance FROM tenantry.search('[1,1,0]', 2);
COMMIT;

-- Outside a context there is nothing to search.
SELECT id, content, distance, score, metadata FROM tenantry.search('[1,1,0]');

RESET SESSION AUTHORIZATION;
DROP TABLE chunks, document_lineage, documents, prompts;
DROP EXTENSION tenantry_search;
DROP EXTENSION tenantry;
DROP ROLE regress_tenantry_app;
