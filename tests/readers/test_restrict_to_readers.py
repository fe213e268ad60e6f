"""Rows that say who of a tenant's members reads them: as members, as roles, as keys that name no member."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from tests.support.database import Connection, Database
from tests.support.tenants import Tenant, create_tenant

COLUMNS = "tenant_id uuid, id int, body text, owned_by text, readers text[]"


@pytest.fixture(scope="module")
def superuser(module_database: Database) -> Connection:
    return module_database.connect("postgres")


@pytest.fixture(scope="module")
def dba(module_database: Database) -> Connection:
    dba = module_database.connect("dba")
    dba.execute(f"CREATE TABLE plans ({COLUMNS})".encode())
    dba.execute(f"CREATE TABLE split ({COLUMNS}) PARTITION BY LIST (readers)".encode())
    dba.execute("CREATE TABLE split_open PARTITION OF split FOR VALUES IN (NULL)")
    dba.execute("CREATE TABLE split_rest PARTITION OF split DEFAULT")
    dba.execute(f"CREATE TABLE lists ({COLUMNS})".encode())
    for table in ("plans", "split"):
        dba.execute("SELECT tenantry.protect(%s)", [table])
        dba.execute("SELECT tenantry.restrict_to_readers(%s, 'readers', 'owned_by')", [table])
    dba.execute("SELECT tenantry.protect('lists'), tenantry.restrict_to_readers('lists', 'readers')")
    dba.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO tenantry_app, tenantry_gateway")
    return dba


@pytest.fixture(scope="module")
def acme(dba: Connection) -> Tenant:
    return create_tenant(dba, "acme")


@pytest.fixture(scope="module")
def globex(dba: Connection) -> Tenant:
    return create_tenant(dba, "globex", "owner")


@pytest.fixture
def gateway(module_database: Database, dba: Connection) -> Iterator[Connection]:
    """A transaction that is rolled back at the end."""
    with module_database.connect("gateway") as gateway, gateway.transaction(force_rollback=True):
        yield gateway


def be(gateway: Connection, tenant: Tenant, user: str | None, role: str = "member") -> None:
    gateway.execute("SELECT tenantry.enter_tenant(%s, %s, %s)", [tenant.tenant_id, user, role])


def seen(connection: Connection, table: str = "plans") -> list[int]:
    return [i for (i,) in connection.execute(f"SELECT id FROM {table} ORDER BY id".encode())]


def run(connection: Connection, statement: str, *parameters: object) -> int:
    return connection.execute(statement.encode(), parameters or None).rowcount


@contextmanager
def refused(connection: Connection) -> Iterator[None]:
    with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
        yield


@pytest.fixture
def filled(gateway: Connection, acme: Tenant, globex: Tenant) -> Connection:
    """Ada has an open row, one for Bob, one for managers, one for nobody else; Bob an open one. Globex has the same."""
    for tenant in (globex, acme):
        for table in ("plans", "split"):
            be(gateway, tenant, "ada")
            rows = ((1, None), (2, ["bob"]), (3, ["role:manager"]), (4, []))
            for row in rows:
                run(gateway, f"INSERT INTO {table} (id, readers) VALUES (%s, %s)", *row)
            be(gateway, tenant, "bob")
            run(gateway, f"INSERT INTO {table} (id) VALUES (5)")
    return gateway


@pytest.mark.parametrize("table", ["plans", "split"])
@pytest.mark.parametrize(
    ("user", "role", "visible"),
    [
        ("ada", "viewer", [1, 2, 3, 4, 5]),
        ("ada", "owner", [1, 2, 3, 4, 5]),
        ("bob", "member", [1, 2, 5]),
        ("bob", "manager", [1, 2, 3, 5]),
        ("eve", "member", [1, 5]),
        ("eve", "manager", [1, 3, 5]),
        ("eve", "owner", [1, 5]),
        (None, "member", [1, 5]),
        (None, "manager", [1, 3, 5]),
        (None, "owner", [1, 5]),
        ("Bob", "member", [1, 5]),
        ("role:manager", "member", [1, 5]),
        ("{bob}", "member", [1, 5]),
        ("bob,eve", "member", [1, 5]),
    ],
)
def test_reading(filled: Connection, acme: Tenant, user: str | None, role: str, visible: list[int], table: str) -> None:
    be(filled, acme, user, role)
    assert seen(filled, table) == visible
    assert run(filled, f"SELECT FROM {table} WHERE readers = '{{bob}}'") == (2 in visible)
    assert run(filled, f"UPDATE {table} SET body = 'x'") == len(visible)
    assert run(filled, f"DELETE FROM {table}") == len(visible)


def test_lists_never_cross_tenants(filled: Connection, acme: Tenant) -> None:
    be(filled, acme, "ada", "owner")
    assert run(filled, "SELECT FROM plans WHERE tenant_id <> %s", acme.tenant_id) == 0


def test_no_context(filled: Connection) -> None:
    filled.execute("SELECT tenantry.leave_tenant()")
    assert seen(filled) == []
    assert filled.execute("SELECT tenantry.current_principals()").fetchone() == ([],)


@pytest.mark.parametrize(
    ("user", "principals"),
    [("ada", ["ada", "role:viewer"]), (None, ["role:viewer"]), ("role:owner", ["role:viewer"])],
)
def test_principals(gateway: Connection, acme: Tenant, user: str | None, principals: list[str]) -> None:
    be(gateway, acme, user, "viewer")
    assert gateway.execute("SELECT tenantry.current_principals()").fetchone() == (principals,)


@pytest.mark.parametrize("table", ["plans", "split"])
def test_writing_what_one_does_not_read(filled: Connection, acme: Tenant, table: str) -> None:
    """Neither may a row be hidden from oneself, nor be written for others without being among them."""
    be(filled, acme, "eve")
    assert run(filled, f"INSERT INTO {table} (id, readers) VALUES (6, '{{bob}}')") == 1  # the owner is always let in
    be(filled, acme, None)
    for values in ("(6, '{bob}')", "(6, '{}')", "(6, '{role:manager}')"):
        with refused(filled):
            run(filled, f"INSERT INTO {table} (id, readers) VALUES {values}")
    assert run(filled, f"INSERT INTO {table} (id, readers) VALUES (6, '{{bob, role:member}}')") == 1
    assert run(filled, f"INSERT INTO {table} (id, owned_by) VALUES (6, 'bob')") == 1
    with refused(filled):
        run(filled, f"UPDATE {table} SET readers = '{{bob}}' WHERE id = 1")


def test_rows_in_another_members_name(filled: Connection, acme: Tenant) -> None:
    be(filled, acme, "eve")
    for owner in ("'ada'", "NULL"):
        with refused(filled):
            run(filled, f"INSERT INTO plans (id, owned_by) VALUES (6, {owner})")
    assert run(filled, "INSERT INTO plans (id, owned_by) VALUES (6, 'eve')") == 1


CHANGES = [
    "UPDATE {t} SET readers = NULL WHERE id = 2",
    "UPDATE {t} SET readers = readers || '{{eve}}' WHERE id = 2",
    "UPDATE {t} SET readers = '{{bob}}' WHERE id = 1",
    "UPDATE {t} SET owned_by = 'bob', readers = '{{ada, bob}}' WHERE id = 2",
    "UPDATE {t} SET owned_by = NULL WHERE id = 1",
    "MERGE INTO {t} AS p USING (VALUES (2)) AS n (id) ON p.id = n.id WHEN MATCHED THEN UPDATE SET readers = NULL",
    "UPDATE {t} SET readers = NULL",
]


@pytest.mark.parametrize("table", ["plans", "split"])
@pytest.mark.parametrize("change", CHANGES)
def test_who_changes_the_list(filled: Connection, acme: Tenant, change: str, table: str) -> None:
    change = change.format(t=table)
    be(filled, acme, "bob")
    with refused(filled):
        run(filled, change)
    for user, role in (("ada", "member"), ("bob", "manager")):
        be(filled, acme, user, role)
        with filled.transaction(force_rollback=True):
            assert run(filled, change) >= 1


def test_a_key_of_a_listed_role(filled: Connection, acme: Tenant) -> None:
    """A context without a member reads by its role, and changes the lists of what it reads."""
    be(filled, acme, None, "manager")
    assert run(filled, "UPDATE plans SET readers = readers || '{bob}' WHERE id = 3") == 1
    with refused(filled):
        run(filled, "UPDATE plans SET readers = '{bob}' WHERE id = 3")


def test_other_columns_are_anybodys(filled: Connection, acme: Tenant) -> None:
    be(filled, acme, "bob")
    assert run(filled, "UPDATE plans SET body = 'x', readers = readers, owned_by = owned_by WHERE id = 2") == 1


def test_on_conflict(dba: Connection, gateway: Connection, acme: Tenant) -> None:
    """A row that is hidden is not updated by who happens to know its key."""
    with dba.transaction():
        dba.execute(f"CREATE TABLE keyed ({COLUMNS}, UNIQUE (tenant_id, id))".encode())
        dba.execute("SELECT tenantry.protect('keyed'), tenantry.restrict_to_readers('keyed', 'readers', 'owned_by')")
        dba.execute("GRANT SELECT, INSERT, UPDATE ON keyed TO tenantry_gateway")
    upsert = "INSERT INTO keyed (id) VALUES (1) ON CONFLICT (tenant_id, id) DO UPDATE SET readers = excluded.readers"
    be(gateway, acme, "ada")
    run(gateway, "INSERT INTO keyed (id, readers) VALUES (1, '{bob}')")
    for user in ("eve", "bob"):
        be(gateway, acme, user)
        with refused(gateway):
            run(gateway, upsert)
    be(gateway, acme, "ada")
    assert run(gateway, upsert) == 1


def test_without_an_owner(gateway: Connection, acme: Tenant) -> None:
    be(gateway, acme, "ada")
    run(gateway, "INSERT INTO lists (id, readers) VALUES (1, NULL), (2, '{ada, bob}')")
    with refused(gateway):
        run(gateway, "INSERT INTO lists (id, readers) VALUES (3, '{bob}')")
    with refused(gateway):
        run(gateway, "UPDATE lists SET readers = '{ada}'")
    be(gateway, acme, "bob")
    assert seen(gateway, "lists") == [1, 2]
    be(gateway, acme, "eve", "owner")
    assert seen(gateway, "lists") == [1]
    be(gateway, acme, "bob", "manager")
    assert run(gateway, "UPDATE lists SET readers = '{bob}'") == 2


def test_whom_policies_do_not_bind(superuser: Connection, dba: Connection, acme: Tenant) -> None:
    with superuser.transaction(force_rollback=True):
        run(superuser, "INSERT INTO plans (tenant_id, id, readers) VALUES (%s, 1, '{bob}')", acme.tenant_id)
        assert run(superuser, "UPDATE plans SET readers = NULL") == 1


# The state of the restriction


def gaps(dba: Connection, table: str) -> list[str]:
    row = dba.execute("SELECT tenantry.protection_gaps(%s)", [table]).fetchone()
    assert row is not None
    return list(row[0])


GAPS = {
    "DROP POLICY tenantry_readers ON split_rest": "tenantry_readers",
    "ALTER POLICY tenantry_readers ON split USING (readers IS NULL OR true)": "tenantry_readers",
    "ALTER POLICY tenantry_readers ON split TO app": "tenantry_readers",
    "ALTER POLICY tenantry_readers ON split_rest WITH CHECK (true)": "tenantry_readers",
    "DROP POLICY tenantry_row_owner ON split_rest": "tenantry_row_owner",
    "ALTER POLICY tenantry_row_owner ON split WITH CHECK (owned_by IS NOT NULL)": "tenantry_row_owner",
    "ALTER TABLE split DISABLE TRIGGER tenantry_refuse_reader_change": "who reads a row be changed",
    "DROP TRIGGER tenantry_refuse_reader_change ON split": "who reads a row be changed",
    "CREATE TABLE later PARTITION OF split FOR VALUES IN ('{x}')": "later",
}


@pytest.mark.parametrize(("broken", "gap"), GAPS.items())
def test_gap(dba: Connection, broken: str, gap: str) -> None:
    """It is reported, and closed by protecting the table again."""
    with dba.transaction(force_rollback=True):
        assert gaps(dba, "split") == []
        dba.execute(broken.encode())
        assert gaps(dba, "split")
        assert all(gap in each or "later" in each for each in gaps(dba, "split")), gaps(dba, "split")
        dba.execute("SELECT tenantry.protect('split')")
        assert gaps(dba, "split") == []


def test_a_lost_policy(dba: Connection) -> None:
    with dba.transaction(force_rollback=True):
        dba.execute("DROP POLICY tenantry_readers ON plans")
        assert any("tenantry_readers of" in gap for gap in gaps(dba, "plans"))
        dba.execute("SELECT tenantry.restrict_to_readers('plans', 'readers', 'owned_by')")
        assert gaps(dba, "plans") == []


def test_settings_of_the_session_make_no_gap(dba: Connection) -> None:
    with dba.transaction(force_rollback=True):
        dba.execute("SET LOCAL quote_all_identifiers = on")
        assert gaps(dba, "plans") == []


def test_renamed_columns(dba: Connection) -> None:
    """Policies and triggers follow."""
    with dba.transaction(force_rollback=True):
        dba.execute("ALTER TABLE plans RENAME owned_by TO author")
        dba.execute('ALTER TABLE plans RENAME readers TO "Who reads"')
        assert gaps(dba, "plans") == []
        assert dba.execute("SELECT tenantry.readers_column('plans')").fetchone() == ("Who reads",)
        dba.execute("SELECT tenantry.restrict_to_readers('plans', 'Who reads', 'author')")
        assert gaps(dba, "plans") == []


# Opens a context halfway through a statement, after the policies have been evaluated for the first row.
HALFWAY = """
UPDATE plans SET
    body = CASE id WHEN 2 THEN {call}::text ELSE body END,
    readers = CASE id WHEN 2 THEN NULL ELSE readers END
WHERE id IN (1, 2)
"""


@pytest.mark.parametrize(
    "call",
    [
        "set_config('tenantry.context', '', true)",
        "tenantry.leave_tenant()",
        "tenantry.authenticate(current_setting('my.key'))",
        "tenantry.enter_tenant('{globex}', 'ada', 'owner')",
    ],
)
def test_another_context_halfway(filled: Connection, acme: Tenant, globex: Tenant, call: str) -> None:
    """One without a member, of the attacker's own tenant, or none at all does not open a row of acme."""
    filled.execute("SELECT set_config('my.key', %s, true)", [globex.api_key])
    statement = HALFWAY.format(call=call.format(globex=globex.tenant_id))
    be(filled, acme, "bob")
    with refused(filled):
        run(filled, statement)
    be(filled, acme, "ada")
    assert run(filled, HALFWAY.format(call="tenantry.current_member()")) == 2


@pytest.mark.parametrize("undo", ["unrestrict_readers", "unprotect"])
@pytest.mark.parametrize("table", ["plans", "split"])
def test_undo(dba: Connection, table: str, undo: str) -> None:
    left = (
        "SELECT (SELECT count(*) FROM pg_policy WHERE polrelid = %(t)s::regclass AND polname ~ 'readers|row_owner')"
        " + (SELECT count(*) FROM pg_trigger WHERE tgrelid = %(t)s::regclass AND tgname ~ 'reader')"
    )
    with dba.transaction(force_rollback=True):
        assert dba.execute(left, {"t": table}).fetchone() == (3,)
        dba.execute(f"SELECT tenantry.{undo}('{table}')".encode())
        assert dba.execute(left, {"t": table}).fetchone() == (0,)
        if undo == "unrestrict_readers":
            assert gaps(dba, table) == []


@pytest.mark.parametrize(
    ("arguments", "sqlstate"),
    [
        ("'bare', 'readers'", "55000"),
        ("'plans', 'nobody'", "42703"),
        ("'plans', NULL", "42703"),
        ("'plans', 'readers', 'nobody'", "42703"),
        ("'plans', 'body'", "42804"),
        ("'plans', 'readers', 'id'", "42804"),
        ("'plans', 'readers', 'readers'", "42804"),
    ],
)
def test_restrict_to_readers_refuses(dba: Connection, arguments: str, sqlstate: str) -> None:
    with dba.transaction(force_rollback=True):
        dba.execute("CREATE TABLE bare (tenant_id uuid, readers text[])")
        with pytest.raises(psycopg.Error) as refusal:
            dba.execute(f"SELECT tenantry.restrict_to_readers({arguments})".encode())
        assert refusal.value.sqlstate == sqlstate
        assert refusal.value.diag.message_hint


def test_only_the_owner_of_the_table(superuser: Connection, gateway: Connection, dba: Connection) -> None:
    with superuser.transaction(force_rollback=True):
        superuser.execute("CREATE ROLE other IN ROLE tenantry_admin")
        for call in ("restrict_to_readers('plans', 'readers')", "unrestrict_readers('plans')"):
            superuser.execute("SET LOCAL ROLE other")
            with refused(superuser):
                superuser.execute(f"SELECT tenantry.{call}".encode())
    with refused(gateway):
        gateway.execute("SELECT tenantry.unrestrict_readers('plans')")
