"""A leakproof condition of the attacker's may be asked before the policy: nothing may tell what it found.

EXPLAIN ANALYZE says of each InitPlan whether it was executed, and the error of a context that is not genuine comes when
it is. A policy whose (SELECT …) waits for a row that fulfils the other conditions is an oracle for every value.
"""

import uuid

import psycopg
import pytest

from tests.isolation.arena import TABLES, Arena

NO_INDEX = "SET LOCAL enable_indexscan = off; SET LOCAL enable_indexonlyscan = off; SET LOCAL enable_bitmapscan = off"
# True of rows of globex, and of no row at all.
PRESENT, ABSENT = ("globex", "globey"), ("globed", "globee")
CONDITIONS = [
    "body >= '{low}' AND body < '{high}'",
    "body >= ANY (ARRAY['{low}']) AND body < ANY (ARRAY['{high}'])",
    "body >= '{low}' AND body < '{high}' AND {tenant} <> {a}",
]
STATEMENTS = [
    "SELECT FROM {t} WHERE {condition}",
    "SELECT FROM (VALUES (1)) AS v LEFT JOIN {t} ON {condition}",
    "SELECT EXISTS (SELECT FROM {t} WHERE {condition})",
    "SELECT FROM {t} WHERE {condition} FOR UPDATE",
    "SELECT FROM {t} TABLESAMPLE BERNOULLI (100) WHERE {condition}",
    "UPDATE {t} SET body = 'x' WHERE {condition}",
    "DELETE FROM {t} WHERE {condition}",
    "MERGE INTO {t} USING (SELECT) AS nothing ON {condition} WHEN MATCHED THEN DELETE",
]


def statement(arena: Arena, pattern: str, condition: str, table: str, bounds: tuple[str, str]) -> bytes:
    low, high = bounds
    filled = pattern.replace("{condition}", condition).replace("{low}", low).replace("{high}", high)
    return arena.format(filled, table).encode()


# A list of tenants cannot be asked before the rows: of shared tables EXPLAIN goes on telling it.
@pytest.mark.parametrize("table", [table for table in TABLES if "shared" not in table])
@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize("pattern", STATEMENTS)
def test_explained(arena: Arena, table: str, condition: str, pattern: str) -> None:
    plans = []
    for bounds in (PRESENT, ABSENT):
        with arena.attack() as app:
            app.execute(NO_INDEX)
            explained = b"EXPLAIN (ANALYZE, BUFFERS OFF, COSTS OFF, TIMING OFF, SUMMARY OFF) "
            lines = app.execute(explained + statement(arena, pattern, condition, table, bounds)).fetchall()
            plans.append([line.replace(low, "…") for (line,) in lines for low in [bounds[0]]])
    assert [line.replace(PRESENT[1], "…") for line in plans[0]] == [line.replace(ABSENT[1], "…") for line in plans[1]]


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize("pattern", STATEMENTS)
def test_with_a_context_that_is_not_genuine(arena: Arena, table: str, condition: str, pattern: str) -> None:
    for bounds in (PRESENT, ABSENT):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), arena.app.transaction():  # noqa: PT012
            arena.app.execute(NO_INDEX)
            arena.app.execute(f"SELECT set_config('tenantry.context', '{arena.acme.tenant_id}|forged', true)".encode())
            arena.app.execute(statement(arena, pattern, condition, table, bounds))


RECORDS = """
INSERT INTO tenantry.audit_members VALUES ({a}, 'x', 'x'), ({b}, 'x', 'x') ON CONFLICT DO NOTHING;
INSERT INTO tenantry.audit_values VALUES ({a}, {a}, 1, '{{}}'), ({b}, {b}, 1, '{{}}') ON CONFLICT DO NOTHING
"""


@pytest.mark.parametrize("table", ["tenants", "audit_log", "audit_members", "audit_values"])
def test_tables_of_ours(arena: Arena, table: str) -> None:
    """Nor is anything told of the tenants themselves, and of what is on record of them."""
    arena.superuser.execute(arena.format(RECORDS))
    query = f"SELECT FROM tenantry.{table} WHERE tenant_id >= '{{0}}' AND tenant_id <= '{{0}}'"
    plans = []
    for tenant in (arena.acme.tenant_id, arena.globex.tenant_id, uuid.uuid4()):
        with arena.attack() as app:
            app.execute(NO_INDEX)
            explain = "EXPLAIN (ANALYZE, BUFFERS OFF, COSTS OFF, TIMING OFF, SUMMARY OFF) " + query.format(tenant)
            plans.append([line.replace(str(tenant), "…") for (line,) in app.execute(explain.encode())])
        with pytest.raises(psycopg.errors.InsufficientPrivilege), arena.app.transaction():  # noqa: PT012
            arena.app.execute(NO_INDEX)
            arena.app.execute(f"SELECT set_config('tenantry.context', '{arena.acme.tenant_id}|forged', true)".encode())
            arena.app.execute(query.format(tenant).encode())
    own, others, nobodys = plans
    assert others == nobodys
    # The highest clearance alone reads the values.
    assert own != nobodys or table == "audit_values"
