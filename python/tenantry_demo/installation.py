"""Sets the demo's database up: what a DBA does once."""

from __future__ import annotations

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from tenantry_demo.corpus import DIMENSIONS

EXTENSIONS = ("tenantry", "vector", "plpython3u", "tenantry_search")
DBA = "tenantry_demo_dba"
APP = "tenantry_demo_app"
MEMBERSHIPS = {DBA: "tenantry_admin", APP: "tenantry_app"}

# Beside the AI tables: one that is partitioned, with a partition that the application may address directly, and the
# pattern that tenantry replaces, to compare with.
TABLES = """
CREATE TABLE requests (tenant_id uuid NOT NULL, day date NOT NULL, question text NOT NULL) PARTITION BY RANGE (day);
CREATE TABLE requests_2026 PARTITION OF requests FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
GRANT SELECT, INSERT ON requests, requests_2026 TO tenantry_app;
SELECT tenantry.protect('requests');

CREATE TABLE plain_requests (tenant_id uuid NOT NULL, question text NOT NULL);
ALTER TABLE plain_requests ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY plain ON plain_requests USING (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);
GRANT SELECT, INSERT ON plain_requests TO tenantry_app;
"""


def conninfo(role: str, database: str) -> str:
    """Return the connection string of a role; the server is libpq's default, from the environment."""
    return make_conninfo(user=role, dbname=database)


def install(database: str) -> None:
    """Make the database anew, with both extensions, the two logins and the tables.

    Raises `psycopg.Error` where the server refuses; the environment's role has to be a superuser.
    """
    with psycopg.connect(dbname="postgres", autocommit=True) as server:
        name = sql.Identifier(database)
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
        server.execute(sql.SQL("CREATE DATABASE {}").format(name))

    with psycopg.connect(dbname=database, autocommit=True) as superuser:
        for extension in EXTENSIONS:
            superuser.execute(sql.SQL("CREATE EXTENSION {}").format(sql.Identifier(extension)))
        for login, group in MEMBERSHIPS.items():
            if not superuser.execute("SELECT FROM pg_roles WHERE rolname = %s", [login]).rowcount:
                superuser.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(login)))
            superuser.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(group), sql.Identifier(login)))
        superuser.execute(sql.SQL("GRANT CREATE ON SCHEMA public TO {}").format(sql.Identifier(DBA)))

    with psycopg.connect(conninfo(DBA, database), autocommit=True) as dba:
        dba.execute("SELECT tenantry.create_ai_schema('public', %s)", [DIMENSIONS])
        dba.execute(TABLES)
