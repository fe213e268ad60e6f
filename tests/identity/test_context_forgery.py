"""Contexts that no credential has opened: made up, edited, mutilated, and set by every means there is."""

import os
import uuid
from collections.abc import Callable

import psycopg
import pytest
from psycopg import sql

from tests.identity.context import INVALID, bodies, set_token, token
from tests.support.database import Connection, Database
from tests.support.tenants import Tenant, as_tenant

FIELDS = ["tenant", "signing key", "expiry", "virtual transaction", "clearance", "role", "API key", "user", "MAC"]

TOUCHING = [
    "SELECT FROM documents",
    "INSERT INTO documents (tenant_id, id) VALUES (gen_random_uuid(), 9)",
    "UPDATE documents SET body = 'x'",
    "DELETE FROM documents",
    "SELECT tenantry.current_tenant()",
    "SELECT tenantry.require_tenant()",
    "SELECT tenantry.current_member()",
    "SELECT tenantry.current_clearance()",
    "SELECT tenantry.current_identity()",
    "SELECT tenantry.cleared_levels()",
    "SELECT FROM tenantry.tenants",
]


def assert_refused(connection: Connection) -> None:
    for statement in TOUCHING:
        with pytest.raises(psycopg.errors.InsufficientPrivilege) as refusal, connection.transaction():
            connection.execute(statement)
        assert refusal.value.diag.message_primary == INVALID
        assert "authenticate" in str(refusal.value.diag.message_hint)


def test_the_genuine_token(app: Connection, acme: Tenant) -> None:
    with as_tenant(app, acme):
        fields = token(app).split("|")
        assert len(fields) == len(FIELDS)
        assert fields[0] == str(acme.tenant_id)
        set_token(app, "|".join(fields))
        assert bodies(app) == [acme.slug]


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize(
    "edit",
    [
        lambda value, other: other,
        lambda value, other: "",
        lambda value, other: value + "0",
        lambda value, other: value + "|",
        lambda value, other: " " + value,
    ],
    ids=["of another", "emptied", "longer", "split", "padded"],
)
def test_edited_field(
    app: Connection,
    acme: Tenant,
    globex: Tenant,
    module_database: Database,
    field: str,
    edit: Callable[[str, str], str],
) -> None:
    # The other: another backend's context of another tenant, a user and a role of all that differ.
    with module_database.connect("gateway") as other, other.transaction():
        other.execute("SELECT tenantry.enter_tenant(%s, 'mallory', 'owner')", [globex.tenant_id])
        foreign = token(other).split("|")
    with as_tenant(app, acme):
        original = token(app).split("|")
        edited = list(original)
        i = FIELDS.index(field)
        edited[i] = edit(original[i], foreign[i])
        if edited == original:  # neither has one, and the signing key is the same
            assert field in ("virtual transaction", "user", "signing key")
            return
        set_token(app, "|".join(edited))
        assert_refused(app)
        set_token(app, "|".join(original))
        assert bodies(app) == [acme.slug]


MUTILATIONS: dict[str, Callable[[str], str]] = {
    "last character lost": lambda genuine: genuine[:-1],
    "MAC lost": lambda genuine: genuine[:-65],
    "MAC alone": lambda genuine: genuine[-64:],
    "tenant alone": lambda genuine: genuine[:36],
    "upper case": str.upper,
    "doubled": lambda genuine: genuine + genuine,
    "doubled as a field": lambda genuine: f"{genuine}|{genuine}",
    "field in front": lambda genuine: "|" + genuine,
    "field behind": lambda genuine: genuine + "|",
    "line behind": lambda genuine: genuine + "\n",
    "fields reversed": lambda genuine: "|".join(reversed(genuine.split("|"))),
    "fields sorted": lambda genuine: "|".join(sorted(genuine.split("|"))),
    "blank": lambda genuine: " ",
    "one bar": lambda genuine: "|",
    "ten bars": lambda genuine: "|" * 10,
    "a million bars": lambda genuine: "|" * 1_000_000,
    "ten million letters": lambda genuine: "x" * 10_000_000,
    "wide characters": lambda genuine: "💥" * 200,
    "control characters": lambda genuine: "".join(map(chr, range(1, 32))),
    "null": lambda genuine: "NULL",
    "array": lambda genuine: "{" + genuine.replace("|", ",") + "}",
    "quotes": lambda genuine: "'; RESET ROLE; --",
}


@pytest.mark.parametrize("mutilate", MUTILATIONS.values(), ids=MUTILATIONS.keys())
def test_mutilated(app: Connection, acme: Tenant, mutilate: Callable[[str], str]) -> None:
    with as_tenant(app, acme):
        genuine = token(app)
        set_token(app, mutilate(genuine))
        assert_refused(app)
        set_token(app, genuine)
        assert bodies(app) == [acme.slug]


FORGED = f"{uuid.uuid4()}|" + "|".join(["0"] * 10)


@pytest.mark.parametrize(
    "means",
    [
        "SET tenantry.context = {forged}",
        "SET LOCAL tenantry.context = {forged}",
        "SELECT set_config('tenantry.context', {forged}, false)",
    ],
)
def test_set_by_sql(app: Connection, acme: Tenant, means: str) -> None:
    with as_tenant(app, acme):
        genuine = token(app)
        app.execute(sql.SQL(means).format(forged=FORGED))  # type: ignore[arg-type]
        assert_refused(app)
        set_token(app, genuine)
        assert bodies(app) == [acme.slug]


def test_set_for_the_session(app: Connection, acme: Tenant) -> None:
    """It only hurts who does it: a transaction with a credential is served, and one without is refused."""
    set_token(app, FORGED, local=False)
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match=INVALID):
        bodies(app)
    with as_tenant(app, acme):
        assert bodies(app) == [acme.slug]
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match=INVALID):
        bodies(app)


def test_set_by_connection_options(module_database: Database, acme: Tenant) -> None:
    with module_database.connect("app", options=f"-c tenantry.context={FORGED}") as app:
        assert_refused(app)
        with as_tenant(app, acme):
            assert bodies(app) == [acme.slug]


@pytest.mark.parametrize("garbage", [b"\xff\xfe\xfd", b"\xf0" * 70, b"a|" + b"\xe2\x82" * 40, b"\xc3\x28|" * 11])
def test_set_by_environment_in_no_encoding(
    module_database: Database, acme: Tenant, monkeypatch: pytest.MonkeyPatch, garbage: bytes
) -> None:
    """The server checks the encoding of SQL, but not of the options at the start of a session."""
    monkeypatch.setenv("PGOPTIONS", os.fsdecode(b"-c tenantry.context=" + garbage))
    with module_database.connect("app") as app:
        for statement in TOUCHING:
            with pytest.raises(psycopg.Error) as refusal:
                app.execute(statement)
            assert refusal.value.sqlstate in ("42501", "22021")
        with as_tenant(app, acme):
            assert bodies(app) == [acme.slug]


@pytest.mark.parametrize(
    "owner", ["ALTER ROLE app", "ALTER ROLE app IN DATABASE {database}", "ALTER DATABASE {database}"]
)
def test_set_as_default(module_database: Database, superuser: Connection, acme: Tenant, owner: str) -> None:
    alter = sql.SQL(owner).format(database=sql.Identifier(module_database.name))  # type: ignore[arg-type]
    superuser.execute(alter + sql.SQL(" SET tenantry.context = {}").format(FORGED))
    try:
        with module_database.connect("app") as app:
            assert_refused(app)
            with as_tenant(app, acme):
                assert bodies(app) == [acme.slug]
    finally:
        superuser.execute(alter + sql.SQL(" RESET tenantry.context"))


def test_parallel_safe_wrapper(app: Connection, acme: Tenant) -> None:
    """A worker is another backend: what an attacker marks as safe there is refused there."""
    with as_tenant(app, acme):
        app.execute("INSERT INTO documents (id) SELECT generate_series(10, 2000)")
        app.execute(
            "CREATE FUNCTION pg_temp.tenant(int) RETURNS uuid LANGUAGE plpgsql STABLE PARALLEL SAFE AS"
            " $$ BEGIN RETURN tenantry.current_tenant(); END $$"
        )
        for setting in ("min_parallel_table_scan_size", "parallel_setup_cost", "parallel_tuple_cost"):
            app.execute(f"SET LOCAL {setting} = 0")
        for setting in ("parallel_leader_participation", "enable_indexscan", "enable_bitmapscan"):
            app.execute(f"SET LOCAL {setting} = off")
        query = "SELECT count(*) FROM documents WHERE pg_temp.tenant(id) IS NOT NULL"
        assert "Workers Planned" in str(app.execute(f"EXPLAIN {query}").fetchall())
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match=INVALID), app.transaction():
            app.execute(query)
        app.execute("SET LOCAL max_parallel_workers_per_gather = 0")
        assert app.execute(query).fetchone() == (1992,)
