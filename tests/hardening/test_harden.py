"""harden() takes from PUBLIC what it says, unharden() gives back exactly that, and nothing that is needed breaks."""

import os
import subprocess
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.support.database import Connection, Database
from tests.support.findings import findings
from tests.support.tenants import Tenant, as_tenant

# Every privilege that harden() could have changed, by name, with defaults spelt out.
PRIVILEGES = """
SELECT p.oid::regprocedure::text, x.grantee, x.grantor, x.privilege_type, x.is_grantable
FROM pg_proc AS p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS x
UNION ALL
SELECT d.datname, x.grantee, x.grantor, x.privilege_type, x.is_grantable
FROM pg_database AS d, aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) AS x
WHERE d.datname = current_database()
UNION ALL
SELECT c.oid::regclass::text, x.grantee, x.grantor, x.privilege_type, x.is_grantable
FROM pg_class AS c, aclexplode(c.relacl) AS x
ORDER BY 1, 2, 3, 4, 5
"""

CLOSED = {
    "sizes": "SELECT pg_relation_size('tenantry.tenants')",
    "statistics": "SELECT * FROM pg_stat_user_tables",
    "sessions": "SELECT * FROM pg_stat_activity",
    "advisory_locks": "SELECT pg_try_advisory_lock(1)",
    "large_objects": "SELECT lo_create(0)",
    "positions": "SELECT pg_current_wal_lsn()",
    "temporary_objects": "CREATE TEMP TABLE t (n int)",
}


def privileges(superuser: Connection) -> list[tuple[Any, ...]]:
    return superuser.execute(PRIVILEGES.encode()).fetchall()


def is_open(connection: Connection, statement: str) -> bool:
    try:
        with connection.transaction():
            connection.execute(statement.encode())
            raise psycopg.Rollback
    except psycopg.errors.InsufficientPrivilege:
        return False
    return True


def test_everything_is_closed_and_given_back_exactly(superuser: Connection, app: Connection) -> None:
    before = privileges(superuser)
    assert all(is_open(app, statement) for statement in CLOSED.values())

    parts: dict[str, int] = dict(superuser.execute("SELECT * FROM tenantry.harden()").fetchall())
    assert parts.keys() == CLOSED.keys()
    assert [part for part, statement in CLOSED.items() if is_open(app, statement)] == []
    assert dict(superuser.execute("SELECT * FROM tenantry.harden()").fetchall()) == parts

    assert dict(superuser.execute("SELECT * FROM tenantry.unharden()").fetchall()) == parts
    assert privileges(superuser) == before
    assert all(is_open(app, statement) for statement in CLOSED.values())
    assert superuser.execute("SELECT * FROM tenantry.unharden()").fetchall() == []


@pytest.mark.parametrize("part", CLOSED)
def test_each_part_can_be_kept(superuser: Connection, app: Connection, part: str) -> None:
    superuser.execute("SELECT tenantry.harden(ARRAY[%s])", [part])
    assert [each for each, statement in CLOSED.items() if is_open(app, statement)] == [part]
    superuser.execute("SELECT tenantry.harden()")
    assert not is_open(app, CLOSED[part])
    superuser.execute("SELECT tenantry.harden(ARRAY[%s])", [part])
    assert is_open(app, CLOSED[part])
    superuser.execute("SELECT tenantry.unharden()")


def test_grants_of_others_are_left_alone(superuser: Connection, app: Connection) -> None:
    """What a DBA had granted, to our roles too, is there before, in between and after."""
    superuser.execute("GRANT EXECUTE ON FUNCTION pg_relation_size(regclass) TO tenantry_admin, tenantry_app")
    superuser.execute("REVOKE EXECUTE ON FUNCTION lo_create(oid) FROM PUBLIC")
    before = privileges(superuser)
    superuser.execute("SELECT tenantry.harden()")
    superuser.execute("SELECT tenantry.unharden()")
    assert privileges(superuser) == before


def test_what_is_granted_again_is_found_and_closed(superuser: Connection, dba: Connection, app: Connection) -> None:
    before = privileges(superuser)
    superuser.execute("SELECT tenantry.harden(ARRAY['temporary_objects'])")
    superuser.execute("GRANT EXECUTE ON FUNCTION lo_create(oid) TO PUBLIC")
    opened = "SELECT object, remedy FROM tenantry.doctor() WHERE code = 'TNT512'"
    ((part, remedy),) = dba.execute(opened.encode()).fetchall()
    assert (part, is_open(app, CLOSED["large_objects"])) == ("large_objects", True)
    superuser.execute(remedy.encode())
    assert dba.execute(opened.encode()).fetchall() == []
    assert not is_open(app, CLOSED["large_objects"])
    assert is_open(app, CLOSED["temporary_objects"])
    superuser.execute("SELECT tenantry.unharden()")
    assert privileges(superuser) == before


def test_only_a_superuser(dba: Connection, app: Connection) -> None:
    for call in ("harden", "unharden"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="only a superuser"):
            dba.execute(f"SELECT tenantry.{call}()".encode())
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied"):
            app.execute(f"SELECT tenantry.{call}()".encode())


@pytest.mark.parametrize("keep", [["everything"], [None], None])
def test_unknown_part(superuser: Connection, keep: list[str | None] | None) -> None:
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="unknown part"):
        superuser.execute("SELECT tenantry.harden(%s::text[])", [keep])


# What goes on working


def test_tenantry_works_as_before(
    superuser: Connection, dba: Connection, app: Connection, two_tenants: tuple[Tenant, Tenant]
) -> None:
    superuser.execute("SELECT tenantry.harden()")
    acme, globex = two_tenants
    dba.execute("SELECT tenantry.create_ai_schema('public', 3)")
    dba.execute("SELECT tenantry.meter_storage('chunks')")
    for tenant in (acme, globex):
        with as_tenant(app, tenant):
            ((document,),) = app.execute("INSERT INTO documents (title) VALUES ('plans') RETURNING id").fetchall()
            app.execute(
                "INSERT INTO chunks (document_id, ordinal, content, embedding) VALUES (%s, 1, %s, '[1, 0, 0]')",
                [document, tenant.slug],
            )
    with as_tenant(app, acme):
        found = app.execute("SELECT content FROM tenantry.search('[1, 0, 0]')").fetchall()
        assert found == [("acme",)]
        ((rows,),) = app.execute("SELECT count(*) FROM chunks").fetchall()
        assert rows == 1
    assert findings(dba) == []
    ((whole,),) = dba.execute("SELECT bool_and(is_whole) FROM tenantry.protected_tables").fetchall()
    assert whole
    dba.execute("SELECT tenantry.verify_audit()")


def run(program: str, database: Database, role: str, *arguments: str) -> str:
    pg_config = os.environ.get("PG_CONFIG", "pg_config")
    path = Path(subprocess.check_output([pg_config, "--bindir"], text=True).strip(), program)
    done = subprocess.run(
        [path, *arguments, database.conninfo(role)],
        capture_output=True,
        text=True,
        check=False,
        env={"PSQLRC": "/dev/null"},
    )
    return done.stdout + done.stderr


# Command of psql → whether it works as the application.
PSQL = {
    r"\d": True,
    r"\d notes": True,
    r"\d+ notes": True,
    r"\dt": True,
    r"\df tenantry.*": True,
    r"\du": True,
    r"\l": True,
    r"\dt+": False,
    r"\l+": False,
    r"\dl": True,
}


def test_psql(database: Database, superuser: Connection, dba: Connection) -> None:
    dba.execute("CREATE TABLE notes (tenant_id uuid, body text)")
    superuser.execute("SELECT tenantry.harden()")
    for role in ("app", "dba", "postgres"):
        for command, works in PSQL.items():
            output = run("psql", database, role, "-X", "-c", command)
            assert ("permission denied" not in output) is (works or role != "app"), (role, command, output)


def test_dump_and_restore(database: Database, superuser: Connection, app: Connection, tmp_path: Path) -> None:
    """A dump carries both the privileges and the memory of them, so that unharden() works in the restored database."""
    before = [row for row in privileges(superuser) if row[0] != database.name]
    superuser.execute("SELECT tenantry.harden(ARRAY['temporary_objects'])")
    superuser.execute("CREATE ROLE hardened_backups LOGIN BYPASSRLS IN ROLE pg_read_all_data")
    dump = tmp_path / "dump.sql"
    try:
        output = run("pg_dump", database, "hardened_backups", "-f", str(dump), "-d")
        assert "error" not in output
        superuser.execute(f"CREATE DATABASE {database.name}_restored".encode())
        restored = Database(database.host, database.port, f"{database.name}_restored")
        try:
            assert "ERROR" not in run("psql", restored, "postgres", "-X", "-q", "-f", str(dump), "-d")
            after = restored.connect("postgres")
            assert not is_open(restored.connect("app"), CLOSED["sizes"])
            after.execute("SELECT tenantry.unharden()")
            assert is_open(restored.connect("app"), CLOSED["sizes"])
            assert [row for row in privileges(after) if row[0] != restored.name] == before
        finally:
            restored.close()
            superuser.execute(f"DROP DATABASE {database.name}_restored".encode())
    finally:
        superuser.execute("DROP ROLE hardened_backups")
