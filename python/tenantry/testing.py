"""Proof of isolation for test suites: scratch tenants, and what the fixtures of the pytest plugin assert.

Nothing here needs pytest; a suite of another kind calls these functions itself.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from psycopg import errors as pg

from . import __version__
from .credentials import ApiKey
from .findings import diagnose, is_at_least
from .pentest import CATALOGUE, Actor, Connector, Outcome, Plan, Redactor, Report, Result, by_credential, discover, run

Connection = psycopg.Connection[Any]

_SHOWN = 10
_TIMEOUT = 10.0


@dataclass(frozen=True)
class ScratchTenant:
    """A tenant of the test's own.

    Attributes:
        api_key: a key of role `owner`, cleared for everything within the tenant. Shows in no repr.
    """

    tenant_id: UUID
    slug: str
    api_key: ApiKey

    @contextmanager
    def transaction(self, connection: Connection) -> Iterator[Connection]:
        """Open a transaction that acts for the tenant, on a connection of the application's role."""
        with connection.transaction():
            connection.execute("SELECT tenantry.authenticate(%s)", [self.api_key()])
            yield connection


class NoScratchTenants(psycopg.ProgrammingError):
    """The database has no tenantry, or the role may make no tenants in it."""


@contextmanager
def scratch_tenants(admin: Connection) -> Iterator[tuple[ScratchTenant, ScratchTenant]]:
    """Make two tenants, and erase them and their rows in the end.

    Args:
        admin: connection of a superuser or a member of `tenantry_admin`, in autocommit mode, for the application has
            to see the tenants in sessions of its own.

    Raises:
        NoScratchTenants: the extension is not there, or not for this role.
        psycopg.Error: whatever else the server says.
    """
    run_id = secrets.token_hex(4)
    made: list[ScratchTenant] = []
    try:
        for letter in "ab":
            made.append(_make_tenant(admin, f"scratch-{run_id}-{letter}"))
        yield made[0], made[1]
    finally:
        for tenant in made:
            admin.execute("SELECT tenantry.erase_scratch_tenant(%s)", [tenant.tenant_id])


def _make_tenant(admin: Connection, slug: str) -> ScratchTenant:
    try:
        row = admin.execute(
            "SELECT t, k.api_key FROM tenantry.create_tenant(%(slug)s, %(slug)s) AS t,"
            " tenantry.issue_api_key(t, 'test suite', 'owner') AS k",
            {"slug": slug},
        ).fetchone()
    except pg.InvalidSchemaName:
        raise NoScratchTenants(f'database "{admin.info.dbname}" has no tenantry: CREATE EXTENSION tenantry') from None
    except pg.InsufficientPrivilege as error:
        raise NoScratchTenants(
            f"{admin.info.user} may make no tenants, {error.diag.message_primary}:"
            " connect as a superuser or a member of tenantry_admin"
        ) from None
    assert row is not None
    return ScratchTenant(row[0], slug, ApiKey(row[1]))


def actors(app_dsn: str, tenants: Sequence[ScratchTenant]) -> tuple[Actor, Actor]:
    """Return two tenants as attacker and victim of the penetration test."""
    with psycopg.connect(app_dsn, autocommit=True) as connection:
        a, b = (by_credential(name, tenant.api_key, connection) for name, tenant in zip("AB", tenants, strict=True))
    return a, b


def attack(
    app_dsn: str,
    table: str,
    attacker: Actor,
    victim: Actor,
    *,
    tenant_column: str | None = None,
    whole_database: bool = True,
) -> Report:
    """Run the penetration test's catalogue against one table.

    A marked row of the victim's is planted, attacked and rolled back.

    Args:
        app_dsn: connection string of the role that the application uses.
        table: its name, as that role would write it in SQL.
        tenant_column: where neither the policies nor custom tell it.
        whole_database: run the attacks as well that concern the database rather than the table: half of the time.

    Raises:
        LookupError: there is nothing to attack, or the role proves nothing; the message says why.
        psycopg.Error: no connection.
    """
    connect = Connector(app_dsn, _TIMEOUT)
    with connect() as connection:
        try:
            found = connection.execute(
                "SELECT format('%%I.%%I', n.nspname, c.relname), c.relkind::text, c.relispartition, current_user::text"
                " FROM pg_class AS c INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid WHERE c.oid = %s::regclass",
                [table],
            ).fetchone()
        except psycopg.ProgrammingError as error:
            raise LookupError(f"{connection.info.user} is told: {error.diag.message_primary}") from None
        assert found is not None
        name, kind, is_partition, role = found
        target = discover(connection, tenant_column=tenant_column)
    if kind not in "rp" or is_partition:
        raise LookupError(f"{name} is no table" if kind not in "rp" else f"{name} is a partition: name the whole table")
    if name not in {each.name for each in target.tables}:
        raise LookupError(
            f"either {role} has no privilege on {name}, or no column of it names the tenant: pass tenant_column"
        )
    # Another table may belong to the role; that says nothing of this one.
    target = replace(target, owned=tuple(each for each in target.owned if each == name))
    if target.is_superuser:
        raise LookupError(target.unbound[0])
    families = [
        replace(family, attacks=tuple(each for each in family.attacks if each.each_table or whole_database))
        for family in CATALOGUE
    ]
    redact = Redactor()
    for secret in (*attacker.secrets, *victim.secrets):
        redact.add(secret)
    return run(Plan(target, attacker, victim, connect, families, redact, __version__, only=frozenset({name})))


class UnjudgedAttackWarning(UserWarning):
    """Attacks could not be judged, and prove nothing either way. Python's filter of warnings makes errors of them."""


def explain(report: Report, table: str) -> str | None:
    """Return why a report proves no isolation of a table, for people; None where attacks were blocked and none leaked.

    Attacks that could not be judged are the matter of `unjudged`.
    """
    doubts = [*report.warnings, *(str(state.reason) for state in report.tables if not state.planted)]
    leaks = _results(report, Outcome.LEAKED)
    if leaks:
        lines = [f"{table} is not isolated, as {report.role} attacks it"]
        lines += [f"nothing is proved: {doubt}" for doubt in doubts]
        lines.append(f"{len(leaks)} of {len(report.results)} attacks leaked:")
        for result in leaks[:_SHOWN]:
            lines.append(f"  {result.attack.code} {result.attack.title}: {result.verdict.evidence}")
            lines += [f"      {line}" for line in result.verdict.statements[-1:]]
        if len(leaks) > _SHOWN:
            lines.append(f"  and {len(leaks) - _SHOWN} more: {', '.join(each.attack.code for each in leaks[_SHOWN:])}")
        return "\n".join(lines)
    if not doubts and not _results(report, Outcome.BLOCKED):
        doubts = ["no attack was blocked"]
    return f"nothing is proved of {table}: {'; '.join(doubts)}" if doubts else None


def unjudged(report: Report, table: str) -> str | None:
    """Return which attacks could not be judged, for people; None for none."""
    results = _results(report, Outcome.ERROR)
    if not results:
        return None
    named = "; ".join(f"{each.attack.code} {each.attack.title}: {each.verdict.evidence}" for each in results[:_SHOWN])
    return f"{table}: {len(results)} of {len(report.results)} attacks could not be judged: {named}"


def _results(report: Report, outcome: Outcome) -> list[Result]:
    return [result for result in report.results if result.verdict.outcome is outcome]


def gaps(admin: Connection, table: str) -> list[str]:
    """Return what is missing of a table's protection.

    Args:
        admin: connection of a superuser, or a member of `tenantry_admin` or `tenantry_auditor`.
    """
    row = admin.execute("SELECT tenantry.protection_gaps(%s::regclass)", [table]).fetchone()
    assert row is not None
    return list(row[0])


def unexpected_findings(admin: Connection, least: str = "warning", baseline: Path | None = None) -> list[str]:
    """Return what the doctor finds, as lines with the remedy.

    Args:
        admin: connection of a superuser, or a member of `tenantry_admin` or `tenantry_auditor`.
        least: leave out what is less grave: `error`, `warning` or `note`.
        baseline: a file of `tenantry doctor --write-baseline`; what stands in it is left out.
    """
    from .commands.baseline import Baseline, read_baseline

    known = read_baseline(baseline) if baseline else Baseline({})
    return [
        f"{finding.code} {finding.severity}: {finding.object}: {finding.detail}\n    {finding.remedy}"
        for finding in diagnose(admin).findings
        if is_at_least(finding.severity, least) and finding not in known
    ]
