-- Smoke test of an installed server: a token signed with a secret needs the core alone, one signed with a key tenantry_jwt.
\set VERBOSITY sqlstate
SET client_min_messages = warning;
CREATE EXTENSION tenantry;
CREATE ROLE regress_tenantry_app IN ROLE tenantry_app;
SELECT tenantry.create_tenant('acme', 'Acme') AS acme \gset
SELECT tenantry.add_jwt_secret('https://legacy.example.com', 'correct horse battery staple, and more of it') IS NOT NULL AS added;
SELECT tenantry.map_jwt_organization('https://legacy.example.com', 'org_acme', :'acme');
SELECT '{"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "2025-06", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}' AS jwks \gset
SELECT tenantry.add_jwks('https://idp.example.com/', :'jwks');
CREATE EXTENSION tenantry_jwt CASCADE;
SELECT tenantry.set_jwt_issuer('https://idp.example.com/', '{notes}');
SELECT tenantry.add_jwks('https://idp.example.com/', :'jwks');
SELECT tenantry.map_jwt_organization('https://idp.example.com/', 'org_acme', :'acme');

\set by_secret eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJodHRwczovL2xlZ2FjeS5leGFtcGxlLmNvbSIsIm9yZ2FuaXphdGlvbl9pZCI6Im9yZ19hY21lIiwidXNlcl9pZCI6ImFkYSIsImV4cCI6NDEwMjQ0NDgwMH0.DFT0gR3Mb7D20BXw7ah9W99HAMTtAkhZlMUxQrRnVbk
\set by_key eyJhbGciOiJFZERTQSIsImtpZCI6IjIwMjUtMDYifQ.eyJpc3MiOiJodHRwczovL2lkcC5leGFtcGxlLmNvbS8iLCJhdWQiOiJub3RlcyIsInN1YiI6ImF1dGgwfGFkYSIsIm9yZ2FuaXphdGlvbl9pZCI6Im9yZ19hY21lIiwicm9sZSI6Im1hbmFnZXIiLCJpYXQiOjE3MzU2ODk2MDAsImV4cCI6NDEwMjQ0NDgwMCwianRpIjoidC0xIn0.QVSAQCob21huQ3Q3IPwuRWCfYSuj8qjYfoIYXALXB3Yw_9-ciZxhHVhlHCJUhyILmYVu5buB3pP_dAy9alGfCg

SET SESSION AUTHORIZATION regress_tenantry_app;
SELECT tenant_id = :'acme' AS is_acme, user_id, role FROM tenantry.authenticate_jwt(:'by_secret');
SELECT tenant_id = :'acme' AS is_acme, user_id, role FROM tenantry.authenticate_jwt(:'by_key');
SELECT tenantry.authenticate_jwt(replace(:'by_key', 'A', 'B'));

-- Without the extension its tokens are refused, and the others are not.
RESET SESSION AUTHORIZATION;
DROP EXTENSION tenantry_jwt;
SET SESSION AUTHORIZATION regress_tenantry_app;
SELECT tenant_id = :'acme' AS is_acme, user_id, role FROM tenantry.authenticate_jwt(:'by_secret');
SELECT tenantry.authenticate_jwt(:'by_key');

RESET SESSION AUTHORIZATION;
DROP EXTENSION tenantry;
DROP ROLE regress_tenantry_app;
