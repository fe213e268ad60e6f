"""The pytest plugin: `pytest -p tenantry`, or nothing at all, because an installed plugin is found by itself.

    def test_isolation(assert_isolated, assert_no_findings):
        assert_isolated("notes")
        assert_no_findings()

Fixtures are of function scope, so that a project may override `tenantry_dsn` and `tenantry_app_dsn` by fixtures of any
scope, such as pytest-postgresql's.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest

if TYPE_CHECKING:
    from .pentest import Actor
    from .testing import Connection, ScratchTenant


class AssertIsolated(Protocol):
    """What the fixture `assert_isolated` is."""

    def __call__(self, table: str, *, tenant_column: str | None = None) -> None: ...


class AssertProtected(Protocol):
    """What the fixture `assert_protected` is."""

    def __call__(self, table: str) -> None: ...


class AssertNoFindings(Protocol):
    """What the fixture `assert_no_findings` is."""

    def __call__(self, least: str = "warning", *, baseline: str | Path | None = None) -> None: ...


_PLACES = {
    "tenantry_dsn": "connection string of a superuser or a member of tenantry_admin, in the test database",
    "tenantry_app_dsn": "connection string of the role that the application uses, in the same database",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("tenantry", "isolation of tenants")
    for name, meaning in _PLACES.items():
        group.addoption(f"--{name.replace('_', '-')}", metavar="DSN", help=f"{meaning}; default: ${name.upper()}")
        parser.addini(name, meaning, default="")
    parser.addini(
        "tenantry_context",
        "for a database with a pattern of its own: SQL that opens a tenant's context, with {tenant} for its id",
        default="",
    )
    parser.addini(
        "tenantry_tenant_ids",
        "with tenantry_context: the ids of two tenants",
        type="args",
        default=["aaaaaaaa-0000-4000-8000-000000000001", "bbbbbbbb-0000-4000-8000-000000000002"],
    )
    group.addoption("--tenantry-tap", metavar="FILE", help="write the results as TAP to FILE, - for standard output")


def pytest_configure(config: pytest.Config) -> None:
    path = config.getoption("tenantry_tap")
    if path and not hasattr(config, "workerinput"):
        from ._tap import TapWriter

        config.pluginmanager.register(TapWriter(path), "tenantry-tap")


def _place(request: pytest.FixtureRequest, name: str) -> str:
    value = request.config.getoption(name) or os.environ.get(name.upper()) or request.config.getini(name)
    if not value:
        pytest.fail(
            f"{name} is not set: {_PLACES[name]}. Give --{name.replace('_', '-')}, ${name.upper()}, a line in"
            f" pytest's configuration, or a fixture {name} of your own.",
            pytrace=False,
        )
    return str(value)


@pytest.fixture
def tenantry_dsn(request: pytest.FixtureRequest) -> str:
    """Connection string of a superuser or a member of tenantry_admin. Override it to say where the database is."""
    return _place(request, "tenantry_dsn")


@pytest.fixture
def tenantry_app_dsn(request: pytest.FixtureRequest) -> str:
    """Connection string of the role that the application uses. Override it to say where the database is."""
    return _place(request, "tenantry_app_dsn")


@contextmanager
def _naming(name: str) -> Iterator[None]:
    """Fail without a traceback where a connection string does not serve, and say which one it is."""
    import psycopg

    try:
        yield
    except psycopg.Error as error:
        # libpq's message about a malformed string quotes it, and with it perhaps a password.
        is_quoted = type(error) is psycopg.ProgrammingError
        reason = "it is neither key=value words nor a postgresql:// URL" if is_quoted else error
        pytest.fail(f"{name} does not serve as {_PLACES[name]}: {reason}", pytrace=False)


def _connect(name: str, dsn: str) -> Connection:
    import psycopg

    with _naming(name):
        return psycopg.connect(dsn, autocommit=True)


@pytest.fixture
def tenantry_admin(tenantry_dsn: str) -> Iterator[Connection]:
    """Connection of the admin, in autocommit mode."""
    with _connect("tenantry_dsn", tenantry_dsn) as connection:
        yield connection


@pytest.fixture
def tenantry_app(tenantry_app_dsn: str) -> Iterator[Connection]:
    """Connection of the application's role, in autocommit mode: `with tenant_a.transaction(tenantry_app) as a:`."""
    with _connect("tenantry_app_dsn", tenantry_app_dsn) as connection:
        yield connection


@pytest.fixture
def tenantry_tenants(tenantry_admin: Connection) -> Iterator[tuple[ScratchTenant, ScratchTenant]]:
    """Two tenants with an API key each, which go with all their rows after the test."""
    from .testing import scratch_tenants

    with ExitStack() as stack:
        with _naming("tenantry_dsn"):
            tenants = stack.enter_context(scratch_tenants(tenantry_admin))
        yield tenants


@pytest.fixture
def tenant_a(tenantry_tenants: tuple[ScratchTenant, ScratchTenant]) -> ScratchTenant:
    """A tenant of the test's own."""
    return tenantry_tenants[0]


@pytest.fixture
def tenant_b(tenantry_tenants: tuple[ScratchTenant, ScratchTenant]) -> ScratchTenant:
    """Another one."""
    return tenantry_tenants[1]


@pytest.fixture
def tenantry_actors(request: pytest.FixtureRequest, tenantry_app_dsn: str) -> tuple[Actor, Actor]:
    """Attacker and victim: the two tenants, or those that `tenantry_context` opens."""
    from .pentest import by_statement
    from .testing import actors

    statement = request.config.getini("tenantry_context")
    if not statement:
        tenants = request.getfixturevalue("tenantry_tenants")
        with _naming("tenantry_app_dsn"):
            return actors(app_dsn=tenantry_app_dsn, tenants=tenants)
    a, b = request.config.getini("tenantry_tenant_ids")
    return by_statement("A", a, statement), by_statement("B", b, statement)


def _note(request: pytest.FixtureRequest, proved: str) -> None:
    """Put what was proved into the test's report: into --junitxml and --tenantry-tap."""
    request.node.user_properties.append(("tenantry", proved))


_ATTACKED: pytest.StashKey[set[str]] = pytest.StashKey()


@pytest.fixture
def assert_isolated(
    request: pytest.FixtureRequest, tenantry_app_dsn: str, tenantry_actors: tuple[Actor, Actor]
) -> AssertIsolated:
    """Assert that a table is isolated: plant a row of a tenant's, and attack it as another one."""
    from .pentest import Outcome
    from .testing import UnjudgedAttackWarning, attack, explain, unjudged

    # Databases in which the attacks that concern no single table were all blocked: once a run is enough.
    attacked = request.config.stash.setdefault(_ATTACKED, set())

    def assert_isolated(table: str, *, tenant_column: str | None = None) -> None:
        __tracebackhide__ = True
        try:
            report = attack(
                tenantry_app_dsn,
                table,
                *tenantry_actors,
                tenant_column=tenant_column,
                whole_database=tenantry_app_dsn not in attacked,
            )
        except LookupError as error:
            problem: str | None = f"nothing is proved of {table}: {error}"
        else:
            problem = explain(report, table)
        if problem:
            raise AssertionError(problem)
        attacked.add(tenantry_app_dsn)
        if remaining := unjudged(report, table):
            warnings.warn(remaining, UnjudgedAttackWarning, stacklevel=2)
        blocked = report.count(Outcome.BLOCKED)
        _note(request, f"{table} is isolated: {blocked} attacks blocked, as {report.role}")

    return assert_isolated


@pytest.fixture
def assert_protected(request: pytest.FixtureRequest, tenantry_admin: Connection) -> AssertProtected:
    """Assert that nothing is missing of what tenantry.protect() makes of a table."""
    from .testing import gaps

    def assert_protected(table: str) -> None:
        __tracebackhide__ = True
        found = gaps(tenantry_admin, table)
        if found:
            remedy = f"SELECT tenantry.protect('{table}');"
            raise AssertionError("\n".join([f"{table} is not protected", *(f"  {gap}" for gap in found), remedy]))
        _note(request, f"{table} is protected")

    return assert_protected


@pytest.fixture
def assert_no_findings(request: pytest.FixtureRequest, tenantry_admin: Connection) -> AssertNoFindings:
    """Assert that the doctor finds nothing of a severity, or graver."""
    from .findings import SEVERITIES
    from .testing import unexpected_findings

    def assert_no_findings(least: str = "warning", *, baseline: str | Path | None = None) -> None:
        __tracebackhide__ = True
        if least not in SEVERITIES:
            raise ValueError(f"{least!r} is no severity: error, warning or note")
        found = unexpected_findings(tenantry_admin, least, Path(baseline) if baseline else None)
        if found:
            raise AssertionError(
                "\n".join([f"the doctor has {len(found)} finding{'s' * (len(found) > 1)}, from {least} on", *found])
            )
        _note(request, f"the doctor finds nothing from {least} on")

    return assert_no_findings
