"""Commands that would take the protection away, walk around it, or leave the attacker's role."""

import psycopg
import pytest

from tests.isolation.arena import TABLES, Arena

INSUFFICIENT_PRIVILEGE, FEATURE_NOT_SUPPORTED, INVALID_TABLE_DEFINITION = "42501", "0A000", "42P16"

ON_A_TABLE = [
    "TRUNCATE {t}",
    "DROP TABLE {t}",
    "ALTER TABLE {t} DISABLE ROW LEVEL SECURITY",
    "ALTER TABLE {t} NO FORCE ROW LEVEL SECURITY",
    "ALTER TABLE {t} OWNER TO app",
    "ALTER TABLE {t} ALTER {tenant} DROP NOT NULL",
    "ALTER TABLE {t} ALTER {tenant} SET DEFAULT {b}",
    "ALTER TABLE {t} DISABLE TRIGGER ALL",
    "ALTER TABLE {t} SET SCHEMA pg_temp",
    "CREATE POLICY mine ON {t} USING (true)",
    "ALTER POLICY tenantry_isolation ON {t} USING (true)",
    "DROP POLICY tenantry_isolation ON {t}",
    "DROP TRIGGER tenantry_refuse_tenant_change ON {t}",
    "CREATE FUNCTION pg_temp.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END';"
    "CREATE TRIGGER spy BEFORE UPDATE ON {t} FOR EACH ROW EXECUTE FUNCTION pg_temp.f()",
    "CREATE RULE spy AS ON UPDATE TO {t} DO ALSO NOTIFY spy",
    "CREATE INDEX ON {t} ((1 / length(body)))",
    "CREATE STATISTICS pg_temp.spy ON {tenant}, body FROM {t}",
    "CREATE TEMP TABLE mine (LIKE {t}); ALTER TABLE {t} INHERIT mine",
    "GRANT ALL ON {t} TO PUBLIC; TRUNCATE {t}",
    "COMMENT ON TABLE {t} IS 'mine'",
    "REINDEX TABLE {t}",
    "CREATE PUBLICATION leak FOR TABLE {t}",
    "SET LOCAL row_security = off; SELECT FROM {t}",
    "COPY {t} TO PROGRAM 'cat'",
    "COPY {t} TO '/tmp/loot'",
    "SELECT tenantry.unprotect('{t}')",
    "SELECT tenantry.detach_policies('{t}')",
]

ON_THE_SESSION = [
    "SET ROLE postgres",
    "SET ROLE dba",
    "SET ROLE tenantry_owner",
    "SET ROLE tenantry_admin",
    "SET ROLE tenantry_gateway",
    "SET SESSION AUTHORIZATION postgres",
    "SET SESSION AUTHORIZATION dba",
    "SET session_replication_role = replica",
    "ALTER ROLE app SUPERUSER",
    "ALTER ROLE app BYPASSRLS",
    "GRANT dba TO app",
    "GRANT tenantry_gateway TO app",
    "CREATE ROLE mine SUPERUSER",
    "CREATE SCHEMA mine",
    "CREATE TABLE public.mine ()",
    "CREATE FUNCTION public.lower(varchar) RETURNS text LANGUAGE sql AS 'SELECT $1'",
    "CREATE FUNCTION tenantry.current_tenant(text) RETURNS uuid LANGUAGE sql AS 'SELECT NULL::uuid'",
    "CREATE OR REPLACE FUNCTION tenantry.current_tenant() RETURNS uuid LANGUAGE sql AS 'SELECT NULL::uuid'",
    "ALTER FUNCTION tenantry.current_tenant() OWNER TO app",
    "ALTER FUNCTION tenantry.current_tenant() COST 1",
    "CREATE FUNCTION pg_temp.f(text) RETURNS bool LEAKPROOF LANGUAGE sql AS 'SELECT true'",
    "CREATE EVENT TRIGGER mine ON ddl_command_end EXECUTE FUNCTION tenantry.refuse_tenant_change()",
    "DROP EXTENSION tenantry CASCADE",
    "LOAD 'auto_explain'",
    "SELECT pg_read_file('postgresql.conf')",
    "SELECT lo_import('/etc/hostname')",
    "SELECT * FROM pg_authid",
    "SELECT * FROM pg_statistic",
    "SELECT pg_create_logical_replication_slot('leak', 'pgoutput')",
]


def refused(arena: Arena, script: str, table: str = "plain") -> psycopg.Error:
    with pytest.raises(psycopg.Error) as refusal:
        arena.run(script, table)
    # The same attacker is served when it asks for what is its own.
    assert arena.run("SELECT count(*) FROM {t}", table) == 3
    return refusal.value


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("script", ON_A_TABLE)
def test_on_a_table(arena: Arena, table: str, script: str) -> None:
    assert refused(arena, script, table).sqlstate == INSUFFICIENT_PRIVILEGE


@pytest.mark.parametrize("script", ON_THE_SESSION)
def test_on_the_session(arena: Arena, script: str) -> None:
    assert refused(arena, script).sqlstate == INSUFFICIENT_PRIVILEGE


@pytest.mark.parametrize("table", TABLES)
def test_a_temporary_table_cannot_probe_by_reference(arena: Arena, table: str) -> None:
    script = "CREATE TEMP TABLE probe (a uuid, b int, FOREIGN KEY (a, b) REFERENCES {t} ({tenant}, id))"
    assert refused(arena, script, table).sqlstate == INVALID_TABLE_DEFINITION


@pytest.mark.parametrize("role", ["app", "tenantry_app"])
def test_dropping_its_own_privileges_opens_nothing(arena: Arena, role: str) -> None:
    attempt = f"DROP OWNED BY {role}; INSERT INTO {{t}} (tenant_id, id) VALUES ({{b}}, 9)"
    assert refused(arena, attempt).sqlstate == INSUFFICIENT_PRIVILEGE
