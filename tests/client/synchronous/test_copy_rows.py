# Generated from tests/client/asynchronous/test_copy_rows.py by python/async_to_sync.py: edit that.
# fmt: off
# ruff: noqa
"""The bulk path: what COPY would do, past the RLS that refuses it."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np
import psycopg
import pytest
from psycopg.types.json import Jsonb
from psycopg.types.range import Range

import tenantry
from tenantry import TenantPool, _bulk
from tests.client.conftest import World

EVERYTHING = """
CREATE SCHEMA "an ""odd"" schema";
CREATE TYPE mood AS ENUM ('calm', 'it''s, "fine"');
CREATE DOMAIN short AS varchar(5) CHECK (value <> 'no');
CREATE DOMAIN embedding AS vector(3);
CREATE TABLE "an ""odd"" schema"."Odd %s {table}; --" (
    organization uuid,
    "Weird ""%s"" column; --" text,
    i int, n numeric(6, 2), f float8, b bool, d date, at timestamptz, span interval, u uuid, raw bytea,
    meta jsonb, plain json, tags text[], grid int[], v vector(3), h halfvec(3), e embedding, m mood, s short, c char(3),
    r int4range, filled text DEFAULT 'by default', doubled int GENERATED ALWAYS AS (i * 2) STORED
);
"""
TABLE = '"an ""odd"" schema"."Odd %s {table}; --"'
WEIRD = 'Weird "%s" column; --'


@pytest.fixture(scope="module", autouse=True)
def everything(module_world: World) -> None:
    module_world.superuser.execute(f"GRANT CREATE ON DATABASE {module_world.database.name} TO dba".encode())
    module_world.dba.execute(EVERYTHING)
    module_world.dba.execute("SELECT tenantry.protect(%s, 'organization')", [TABLE])
    module_world.dba.execute(f"GRANT SELECT, INSERT ON {TABLE.replace('%', '%%')} TO tenantry_app".encode(), [])
    module_world.dba.execute('GRANT USAGE ON SCHEMA "an ""odd"" schema" TO tenantry_app')


VALUES: dict[str, tuple[Any, Any]] = {  # column → what is written, and what is read where that differs
    WEIRD: ("tab\t, newline\n, quote ' \" backslash \\N {} é 🐘", ...),
    "i": (-7, ...),
    "n": (Decimal("1234.56"), ...),
    "f": (0.1, ...),
    "b": (True, ...),
    "d": (date(2024, 2, 29), ...),
    "at": (datetime(2024, 2, 29, 12, 30, 0, 123456, tzinfo=UTC), ...),
    "span": (timedelta(days=400, seconds=-1, microseconds=5), ...),
    "u": (UUID("3f0e9a52-6b1d-4c8e-9a3b-0123456789ab"), ...),
    "raw": (b"\x00\xff\\x'", ...),
    "meta": ({"a": [1, None, "it's"], "b": {"c": True}}, ...),
    "plain": ([1, "two"], ...),
    "tags": (["a", None, 'comma, "quote"', "NULL", ""], ...),
    "grid": ([[1, 2], [3, 4]], ...),
    "v": ([1, 2.5, -3], "[1,2.5,-3]"),
    "h": (np.array([1, 2.5, -3]), "[1,2.5,-3]"),
    "e": (np.array([1, 2.5, -3], dtype="float32"), "[1,2.5,-3]"),
    "m": ('it\'s, "fine"', ...),
    "s": ("yes", ...),
    "c": ("x", "x  "),
    "r": (Range(1, 5), ...),
}


def test_every_type_and_null_come_back_as_they_went(world: World, pool: TenantPool) -> None:
    written = [value for value, _ in VALUES.values()]
    expected = [value if read is ... else read for value, read in VALUES.values()]
    nothing = [None] * len(VALUES)
    with pool.tenant(api_key=world.acme.api_key) as t:
        assert t.copy_rows(TABLE, list(VALUES), [written, nothing, written]) == 3
        cursor = t.cursor()
        cursor.execute("SELECT * FROM {}".format(TABLE.replace("%", "%%")).encode(), [])
        assert cursor.description is not None
        names = [column.name for column in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    assert [[row[name] for name in VALUES] for row in rows] == [expected, nothing, expected]
    assert [(row["organization"], row["filled"], row["doubled"]) for row in rows] == [
        (world.acme.tenant_id, "by default", -14),
        (world.acme.tenant_id, "by default", None),
        (world.acme.tenant_id, "by default", -14),
    ]


@pytest.mark.parametrize(
    ("column", "value", "read"),
    [
        ("v", "[1, 2, 3]", "[1,2,3]"),
        ("v", (1, 2, 3), "[1,2,3]"),
        ("h", [1, 2, 3], "[1,2,3]"),
        ("meta", '{"text": "as it is"}', {"text": "as it is"}),
        ("meta", Jsonb("a string"), "a string"),
        ("meta", 5, 5),
        ("meta", False, False),
        ("i", "12", 12),
        ("at", "2024-02-29 12:30+00", datetime(2024, 2, 29, 12, 30, tzinfo=UTC)),
        ("tags", "{a,b}", ["a", "b"]),
        ("tags", [], []),
        (WEIRD, "", ""),
    ],
)
def test_other_forms_of_a_value(world: World, pool: TenantPool, column: str, value: Any, read: Any) -> None:
    query = psycopg.sql.SQL("SELECT {} FROM {}").format(psycopg.sql.Identifier(column), psycopg.sql.SQL(TABLE))
    with pool.tenant(api_key=world.globex.api_key) as t, t.transaction(force_rollback=True):
        t.copy_rows(TABLE, [column], [[value]])
        assert (t.cursor().execute(query)).fetchall() == [(read,)]


@pytest.mark.parametrize(
    ("column", "value", "error"),
    [
        ("s", "too long", psycopg.errors.StringDataRightTruncation),
        ("s", "no", psycopg.errors.CheckViolation),
        ("c", "too long", psycopg.errors.StringDataRightTruncation),
        ("n", "12345.67", psycopg.errors.NumericValueOutOfRange),
        ("v", [1, 2], psycopg.errors.DataException),
        ("i", "twelve", psycopg.errors.InvalidTextRepresentation),
        ("m", "angry", psycopg.errors.InvalidTextRepresentation),
        ("doubled", 1, psycopg.errors.GeneratedAlways),
        (WEIRD, "nul\0", psycopg.DataError),
        ("i", object(), psycopg.ProgrammingError),
        ("v", ["one"], tenantry.InvalidArgument),
        ("no such column", 1, tenantry.InvalidArgument),
        ("tableoid", 1, tenantry.InvalidArgument),
    ],
)
def test_what_the_table_refuses_inserts_nothing(
    world: World, pool: TenantPool, column: str, value: Any, error: type[Exception]
) -> None:
    count = "SELECT count(*) FROM {}".format(TABLE.replace("%", "%%")).encode()
    with pool.tenant(api_key=world.acme.api_key) as t:
        before = (t.execute(count, [])).fetchone()
        with pytest.raises(error):
            t.copy_rows(TABLE, [column], [[None], [value]])
        assert (t.execute(count, [])).fetchone() == before


def test_many_rows_go_in_batches_and_are_read_as_they_are_sent(
    world: World, pool: TenantPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_bulk, "BATCH_ROWS", 100)
    sizes: list[int] = []
    take = _bulk.Batch.take

    def counted(batch: _bulk.Batch) -> list[Any]:
        sizes.append(len(batch))
        return take(batch)

    monkeypatch.setattr(_bulk.Batch, "take", counted)
    with pool.tenant(api_key=world.acme.api_key) as t:
        assert t.copy_rows("notes", ["body"], ([f"note {number}"] for number in range(250))) == 250
        assert sizes == [100, 100, 50]
        assert t.copy_rows("public.notes", ["body"], []) == 0
        assert sizes == [100, 100, 50]

        monkeypatch.setattr(_bulk, "BATCH_BYTES", 10_000)
        sizes.clear()
        assert t.copy_rows("notes", ["body"], (["x" * 4_000] for _ in range(7))) == 7
        assert sizes == [3, 3, 1]
    assert world.count(world.acme) == 257


def test_rows_may_come_from_the_same_transaction(
    world: World, pool: TenantPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_bulk, "BATCH_ROWS", 10)
    with pool.tenant(api_key=world.acme.api_key) as t, t.connection.cursor("source") as source:
        source.itersize = 7
        source.execute("SELECT 'note ' || i FROM generate_series(1, 95) AS i")
        assert t.copy_rows("notes", ["body"], source) == 95
    assert world.count(world.acme) == 95


def test_all_or_nothing_when_the_source_fails(
    world: World, pool: TenantPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_bulk, "BATCH_ROWS", 10)

    def broken() -> Iterator[list[str]]:
        for number in range(25):
            yield [str(number)]
        raise ZeroDivisionError

    with pool.tenant(api_key=world.acme.api_key) as t:
        with pytest.raises(ZeroDivisionError):
            t.copy_rows("notes", ["body"], broken())
        assert (t.execute("SELECT count(*) FROM notes")).fetchone() == (0,)
        assert t.copy_rows("notes", ["body"], [["kept"]]) == 1
    assert world.count(world.acme) == 1


@pytest.mark.parametrize("row", [[], ["a", "b"], ["a"] * 3])
def test_a_row_of_another_length_is_refused(world: World, pool: TenantPool, row: list[str]) -> None:
    with pool.tenant(api_key=world.acme.api_key) as t:
        with pytest.raises(tenantry.InvalidArgument, match=f"{len(row)} values for 1"):
            t.copy_rows("notes", ["body"], [["a"], row])
        assert (t.execute("SELECT count(*) FROM notes")).fetchone() == (0,)


def test_another_tenants_rows_cannot_be_written(world: World, pool: TenantPool) -> None:
    with pool.tenant(api_key=world.acme.api_key) as t:
        mine, theirs = world.acme.tenant_id, world.globex.tenant_id
        with pytest.raises(tenantry.AccessDenied):
            t.copy_rows("notes", ["tenant_id", "body"], [[mine, "a"], [theirs, "b"]])
        assert t.copy_rows("notes", ["tenant_id", "body"], [[mine, "a"]]) == 1
    assert (world.count(world.acme), world.count(world.globex)) == (1, 0)


@pytest.mark.parametrize("table", ["nowhere", "notes; DROP TABLE notes", "notes (body) SELECT 'x' --", ""])
def test_a_table_is_a_name_and_nothing_else(world: World, pool: TenantPool, table: str) -> None:
    with pool.tenant(api_key=world.acme.api_key) as t:
        with pytest.raises(psycopg.Error) as caught:
            t.copy_rows(table, ["body"], [["x"]])
        assert caught.value.sqlstate in ("42P01", "42601", "42602")
        assert t.copy_rows("notes", ["body"], [["x"]]) == 1


def test_a_load_needs_at_least_one_column(world: World, pool: TenantPool) -> None:
    with pool.tenant(api_key=world.acme.api_key) as t:
        with pytest.raises(tenantry.InvalidArgument, match="column"):
            t.copy_rows("notes", [], [])
        with pytest.raises(tenantry.InvalidArgument, match="column"):
            t.copy_rows("notes", "body", [["x"] * 4])


def test_neither_temp_nor_the_default_search_path_is_needed(world: World, pool: TenantPool) -> None:
    world.superuser.execute(f"REVOKE TEMP ON DATABASE {world.database.name} FROM PUBLIC".encode())
    world.superuser.execute("CREATE SCHEMA elsewhere; ALTER EXTENSION vector SET SCHEMA elsewhere")
    world.superuser.execute("GRANT USAGE ON SCHEMA elsewhere TO PUBLIC")
    try:
        with pool.tenant(api_key=world.acme.api_key) as t:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                with t.transaction():
                    t.execute("CREATE TEMP TABLE refused ()")
            t.execute("SET LOCAL search_path = ''")
            assert t.copy_rows(TABLE, ["v", "h"], [[[1, 2, 3], "[3,2,1]"]]) == 1
    finally:
        world.superuser.execute(f"GRANT TEMP ON DATABASE {world.database.name} TO PUBLIC".encode())
        world.superuser.execute("ALTER EXTENSION vector SET SCHEMA public; DROP SCHEMA elsewhere")


def test_a_load_inside_a_pipeline_is_refused(world: World, pool: TenantPool) -> None:
    with pool.tenant(api_key=world.acme.api_key) as t:
        with pytest.raises(psycopg.NotSupportedError):
            with t.connection.pipeline():
                t.copy_rows("notes", ["body"], [["x"]])
        assert t.copy_rows("notes", ["body"], [["x"]]) == 1
