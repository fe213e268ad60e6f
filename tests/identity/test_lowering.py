"""Lowering the permission level of a row takes a role with the right to, whatever the statement."""

import itertools

import psycopg
import pytest

from tests.support.database import Connection
from tests.support.tenants import Tenant

LOWERED = "INSERT INTO {t} VALUES (DEFAULT, 1, 'INTERNAL', 'x'), (DEFAULT, 2, 'PUBLIC', 'x')"
LEVELS = "SELECT id, level FROM {t} ORDER BY id"

LOWERING = [
    "UPDATE {t} SET level = 'PUBLIC'",
    "UPDATE {t} SET level = 'PUBLIC' WHERE id = 1",
    "UPDATE {t} AS t SET level = o.level FROM {t} AS o WHERE o.id = 2 AND t.id = 1",
    "UPDATE {t} AS t SET (level, body) = (SELECT o.level, o.body FROM {t} AS o WHERE o.id = 2) WHERE t.id = 1",
    "INSERT INTO {t} VALUES (DEFAULT, 1, 'PUBLIC', 'x') ON CONFLICT (tenant_id, id, shelf) DO UPDATE"
    " SET level = excluded.level",
    "INSERT INTO {t} VALUES (DEFAULT, 1, 'INTERNAL', 'x') ON CONFLICT (tenant_id, id, shelf) DO UPDATE"
    " SET level = 'PUBLIC'",
    "MERGE INTO {t} AS t USING (VALUES (1, 'PUBLIC')) AS n (id, level) ON t.id = n.id"
    " WHEN MATCHED THEN UPDATE SET level = n.level",
    "WITH lowered AS (UPDATE {t} SET level = 'PUBLIC' WHERE id = 1 RETURNING id) SELECT FROM lowered",
    "DECLARE c CURSOR FOR SELECT FROM {t} WHERE id = 1 FOR UPDATE; MOVE c;"
    " UPDATE {t} SET level = 'PUBLIC' WHERE CURRENT OF c",
    "DO $$ BEGIN UPDATE {t} SET level = 'PUBLIC' WHERE id = 1; EXCEPTION WHEN division_by_zero THEN NULL; END $$",
    "SET LOCAL session_replication_role = replica; UPDATE {t} SET level = 'PUBLIC'",
]  # fmt: skip
NOT_LOWERING = [
    "UPDATE {t} SET body = 'y'",
    "UPDATE {t} SET level = level",
    "UPDATE {t} SET level = 'INTERNAL'",
    "INSERT INTO {t} VALUES (DEFAULT, 2, 'INTERNAL', 'x') ON CONFLICT (tenant_id, id, shelf) DO UPDATE"
    " SET level = excluded.level",
    "DELETE FROM {t}",
]

_numbers = itertools.count()


@pytest.fixture(scope="module")
def tables(dba: Connection) -> None:
    """One table plain, one partitioned by id, one partitioned by the level itself; `shelf` makes up a key for all."""
    columns = "tenant_id uuid, id int, level text, body text, shelf text DEFAULT 'a'"
    dba.execute(f"CREATE TABLE lone ({columns}, UNIQUE (tenant_id, id, shelf))")
    dba.execute(f"CREATE TABLE split ({columns}, UNIQUE (tenant_id, id, shelf)) PARTITION BY LIST (id)")
    dba.execute("CREATE TABLE split_1 PARTITION OF split FOR VALUES IN (1)")
    dba.execute("CREATE TABLE split_rest PARTITION OF split DEFAULT")
    dba.execute(f"CREATE TABLE leveled ({columns}) PARTITION BY LIST (level)")
    dba.execute("CREATE TABLE leveled_public PARTITION OF leveled FOR VALUES IN ('PUBLIC')")
    dba.execute("CREATE TABLE leveled_rest PARTITION OF leveled DEFAULT")
    for table in ("lone", "split", "leveled"):
        dba.execute("SELECT tenantry.protect(%s, p_permission_column => 'level')", [table])
    dba.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO tenantry_app")


def enter(dba: Connection, app: Connection, tenant: Tenant, role: str) -> None:
    issued = dba.execute("SELECT api_key FROM tenantry.issue_api_key(%s, 'k', %s)", [tenant.tenant_id, role]).fetchone()
    app.execute("SELECT tenantry.authenticate(%s)", issued)


def lower(app: Connection, statement: str, table: str) -> None:
    with app.transaction():
        app.execute(statement.format(t=table).encode())


def applies(statement: str, table: str) -> bool:
    """Whether a statement is one for this table: the key of ON CONFLICT is none where the level partitions."""
    if "CURRENT OF" in statement:  # takes a lone table, or one partition
        return table in ("lone", "split_1")
    return not (table == "leveled" and "ON CONFLICT" in statement)


@pytest.mark.parametrize("table", ["lone", "split", "leveled", "split_1"])
@pytest.mark.parametrize("statement", LOWERING)
def test_lowering(dba: Connection, app: Connection, acme: Tenant, tables: None, table: str, statement: str) -> None:
    if not applies(statement, table):
        return
    rows = "INSERT INTO {t} VALUES (DEFAULT, 1, 'INTERNAL', 'x')" if table == "split_1" else LOWERED
    with app.transaction(force_rollback=True):
        enter(dba, app, acme, "member")
        app.execute(rows.format(t=table).encode())
        before = app.execute(LEVELS.format(t=table).encode()).fetchall()
        if "o.id = 2" in statement and table == "split_1":
            return
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            lower(app, statement, table)
        assert app.execute(LEVELS.format(t=table).encode()).fetchall() == before
        if "replica" not in statement:
            enter(dba, app, acme, "manager")
            lower(app, statement, table)
            assert (1, "PUBLIC") in app.execute(LEVELS.format(t=table).encode()).fetchall()


@pytest.mark.parametrize("table", ["lone", "split", "leveled"])
@pytest.mark.parametrize("statement", NOT_LOWERING)
def test_not_lowering(dba: Connection, app: Connection, acme: Tenant, tables: None, table: str, statement: str) -> None:
    if not applies(statement, table):
        return
    with app.transaction(force_rollback=True):
        enter(dba, app, acme, "member")
        app.execute(LOWERED.format(t=table).encode())
        lower(app, statement, table)


@pytest.mark.parametrize(("role", "may"), [("viewer", False), ("member", False), ("manager", True), ("owner", True)])
def test_roles_built_in(dba: Connection, app: Connection, acme: Tenant, role: str, may: bool) -> None:
    assert app.execute("SELECT tenantry.may_lower_levels()").fetchone() == (None,)
    with app.transaction():
        enter(dba, app, acme, role)
        assert app.execute("SELECT tenantry.may_lower_levels()").fetchone() == (may,)


def test_the_right_is_set(dba: Connection, app: Connection, acme: Tenant) -> None:
    """A new role lacks it; it is given and taken, and kept where the call leaves it out."""
    role = f"clerk-{next(_numbers)}"
    for arguments, may in (
        ("'PUBLIC'", False),
        ("'INTERNAL', true", True),
        ("'PUBLIC'", True),
        ("'PUBLIC', NULL", True),
        ("'PUBLIC', false", False),
    ):
        dba.execute(f"SELECT tenantry.set_role_clearance('{role}', {arguments})".encode())
        with app.transaction():
            enter(dba, app, acme, role)
            assert app.execute("SELECT tenantry.may_lower_levels()").fetchone() == (may,)


def test_clearance_of_a_built_in_role_leaves_its_right(dba: Connection, app: Connection, acme: Tenant) -> None:
    dba.execute("SELECT tenantry.set_role_clearance('manager', 'CONFIDENTIAL')")
    with app.transaction():
        enter(dba, app, acme, "manager")
        assert app.execute("SELECT tenantry.may_lower_levels()").fetchone() == (True,)


def test_whom_policies_do_not_bind(
    superuser: Connection, dba: Connection, app: Connection, acme: Tenant, tables: None
) -> None:
    with superuser.transaction(force_rollback=True):
        superuser.execute("INSERT INTO lone (tenant_id, id, level) VALUES (%s, 1, 'RESTRICTED')", [acme.tenant_id])
        superuser.execute("UPDATE lone SET level = 'PUBLIC'")
        assert superuser.execute("SELECT level FROM lone").fetchall() == [("PUBLIC",)]


def test_a_registered_role_is_not_widened_by_the_right(gateway: Connection, dba: Connection, acme: Tenant) -> None:
    """A role of equal clearance that may lower is more than the registered one that may not."""
    dba.execute("SELECT tenantry.set_role_clearance('archivist', 'INTERNAL', true)")
    dba.execute("SELECT tenantry.add_member(%s, 'ada', 'member')", [acme.tenant_id])
    with pytest.raises(psycopg.errors.InvalidAuthorizationSpecification):
        gateway.execute("SELECT tenantry.enter_tenant(%s, 'ada', 'archivist')", [acme.tenant_id])
    dba.execute("SELECT tenantry.add_member(%s, 'ada', 'archivist')", [acme.tenant_id])
    gateway.execute("SELECT tenantry.enter_tenant(%s, 'ada', 'member')", [acme.tenant_id])


HALFWAY = """
UPDATE lone SET
    body = CASE id WHEN 2 THEN (tenantry.authenticate(current_setting('my.key'))).role ELSE body END,
    level = CASE id WHEN 2 THEN 'PUBLIC' ELSE level END
"""


def test_another_context_halfway(dba: Connection, app: Connection, acme: Tenant, globex: Tenant, tables: None) -> None:
    """A function in the statement opens a context of a tenant where the attacker is the owner: acme's row stays."""
    with app.transaction(force_rollback=True):
        enter(dba, app, acme, "member")
        app.execute("INSERT INTO lone VALUES (DEFAULT, 1, 'INTERNAL', 'x'), (DEFAULT, 2, 'INTERNAL', 'x')")
        for tenant, may in ((globex, False), (acme, True)):
            issued = "SELECT api_key FROM tenantry.issue_api_key(%s, 'k', 'owner')"
            ((key,),) = dba.execute(issued, [tenant.tenant_id]).fetchall()
            app.execute("SELECT set_config('my.key', %s, true)", [key])
            enter(dba, app, acme, "member")
            if may:
                lower(app, HALFWAY, "lone")
                continue
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="may not lower"):
                lower(app, HALFWAY, "lone")
