"""What `tenantry.doctor()` finds, as the command line and the pytest plugin see it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import errors as pg

SEVERITIES = ("error", "warning", "note")
"""From the gravest to the least."""


@dataclass(frozen=True)
class Rule:
    """A row of `tenantry.doctor_codes`: what a code means, and its page in the documentation."""

    code: str
    severity: str
    title: str
    page: str


@dataclass(frozen=True)
class Finding:
    """A row of `tenantry.doctor()`."""

    code: str
    severity: str
    object: str
    detail: str
    remedy: str

    @property
    def fingerprint(self) -> str:
        """What makes this finding the same one in the next run: code, object and detail, hashed (64 hex digits).

        The detail is part of it. A finding that grows, by another role that reaches the owner, is a new one.
        """
        return hashlib.sha256(json.dumps([self.code, self.object, self.detail]).encode()).hexdigest()


class NoDoctor(psycopg.ProgrammingError):
    """The database has no `tenantry.doctor()`, or none for this role."""


@dataclass(frozen=True)
class Diagnosis:
    """What a database was found to be like.

    Attributes:
        database: its name.
        rules: every code that the doctor knows, in order.
        findings: what it found, the gravest first.
    """

    database: str
    rules: Sequence[Rule]
    findings: Sequence[Finding]


def is_at_least(severity: str, least: str) -> bool:
    """Return whether a severity is as grave as another, or graver."""
    return SEVERITIES.index(severity) <= SEVERITIES.index(least)


def diagnose(connection: psycopg.Connection[Any]) -> Diagnosis:
    """Ask the doctor, in a read-only transaction where the connection is in none.

    Args:
        connection: of a member of `tenantry_admin`, `tenantry_auditor`, or a superuser.

    Raises:
        NoDoctor: the extension is not there, or older than the doctor, or the role may not call it.
        psycopg.Error: whatever else the server says.
    """
    is_idle = connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
    with connection.transaction(), connection.cursor(row_factory=psycopg.rows.tuple_row) as cursor:
        if is_idle:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        try:
            cursor.execute("SELECT code, severity, title, page FROM tenantry.doctor_codes ORDER BY code")
            rules = [Rule(*row) for row in cursor]
            cursor.execute("SELECT code, severity, object, detail, remedy FROM tenantry.doctor()")
            findings = [Finding(*row) for row in cursor]
        except pg.InsufficientPrivilege as error:
            raise NoDoctor(
                f"{error.diag.message_primary}: connect as a member of tenantry_admin or tenantry_auditor"
            ) from None
        except (pg.InvalidSchemaName, pg.UndefinedFunction, pg.UndefinedTable) as error:
            if "tenantry.doctor" not in str(error) and 'schema "tenantry"' not in str(error):
                raise
            raise NoDoctor(
                f'database "{connection.info.dbname}" has no tenantry.doctor(): '
                "CREATE EXTENSION tenantry, or ALTER EXTENSION tenantry UPDATE"
            ) from None
    findings.sort(key=lambda finding: SEVERITIES.index(finding.severity))
    return Diagnosis(connection.info.dbname, rules, findings)
