"""A managed schema with something of each kind in it, for the tests of a module to leave as they found it."""

from collections.abc import Iterator

import psycopg
import pytest

from tests.guard.yard import Yard
from tests.support.database import Connection, Database

MAKE_SCHEMAS = """
    CREATE EXTENSION postgres_fdw;
    CREATE ROLE team;
    CREATE ROLE colleague;
    CREATE ROLE another_app;
    GRANT tenantry_app TO another_app;
    GRANT team TO app;
    GRANT colleague TO dba;
    CREATE SCHEMA m AUTHORIZATION dba;
    CREATE SCHEMA gone AUTHORIZATION dba;
    CREATE SCHEMA far AUTHORIZATION dba;
    CREATE TABLE far.away (id int);
    GRANT CREATE ON SCHEMA m TO colleague;
"""
MAKE_OBJECTS = """
    CREATE TABLE m.orders (id int, tenant_id uuid, level text, readers text[]);
    SELECT tenantry.protect('m.orders', p_permission_column => 'level');
    SELECT tenantry.restrict_to_readers('m.orders', 'readers');
    CREATE TABLE m.guides (organization uuid, body text);
    SELECT tenantry.protect('m.guides', 'organization', p_shared => true, p_audit => false);
    CREATE TABLE m.events (tenant_id uuid, at int) PARTITION BY RANGE (at);
    CREATE TABLE m.events_1 PARTITION OF m.events FOR VALUES FROM (0) TO (10);
    SELECT tenantry.protect('m.events');
    CREATE TYPE m.row_type AS (id int, tenant_id uuid);
    CREATE VIEW m.good WITH (security_invoker = true) AS SELECT id FROM m.orders;
    CREATE FUNCTION m.invoker() RETURNS int LANGUAGE sql AS 'SELECT 1';
    CREATE FUNCTION m.definer() RETURNS int LANGUAGE sql SECURITY DEFINER
        SET search_path = pg_catalog, pg_temp AS 'SELECT 1';
    CREATE TABLE m.legacy (id int);
    CREATE VIEW m.declared AS SELECT id FROM m.orders;
    SELECT tenantry.exempt('m.declared', 'shows numbers alone');
    CREATE TABLE public.outside (id int, tenant_id uuid, level text, readers text[]);
    CREATE TABLE public.part (tenant_id uuid, at int);
    CREATE VIEW public.outside_view AS SELECT 1 AS x;
    CREATE FUNCTION public.outside_definer() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1';
    SELECT tenantry.manage_schema('m'), tenantry.manage_schema('gone');
    DROP SCHEMA gone;
"""


@pytest.fixture(scope="module")
def superuser(module_database: Database) -> Iterator[Connection]:
    connection = module_database.connect("postgres")
    connection.execute("SET client_min_messages = error")
    connection.execute(MAKE_SCHEMAS)
    connection.execute(
        psycopg.sql.SQL("GRANT CREATE ON DATABASE {} TO dba").format(psycopg.sql.Identifier(module_database.name))
    )
    connection.execute(
        psycopg.sql.SQL(
            "CREATE SERVER loop FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host {}, port {}, dbname {});"
            "CREATE USER MAPPING FOR postgres SERVER loop OPTIONS (user 'postgres');"
            "GRANT USAGE ON FOREIGN SERVER loop TO dba"
        ).format(module_database.host, str(module_database.port), module_database.name)
    )
    yield connection
    connection.execute("DROP OWNED BY team, colleague, another_app CASCADE")
    connection.execute("DROP ROLE team, colleague, another_app")


@pytest.fixture(scope="module")
def dba(module_database: Database, superuser: Connection) -> Connection:
    connection = module_database.connect("dba")
    connection.execute("SET client_min_messages = error")
    connection.execute(MAKE_OBJECTS)
    connection.execute("SET client_min_messages = warning")
    superuser.execute("SET client_min_messages = warning")
    return connection


@pytest.fixture(scope="module")
def yard(dba: Connection, superuser: Connection) -> Yard:
    return Yard({"dba": dba, "postgres": superuser})
