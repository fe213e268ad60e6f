"""Statements in a managed schema, and what the guard says of them."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import LiteralString, cast

import psycopg

from tests.support.catalog import catalog_text
from tests.support.database import Connection

SCHEMAS = ("m", "public", "far")


class Yard:
    """The connections of the roles that run statements, each in autocommit mode."""

    def __init__(self, connections: Mapping[str, Connection]) -> None:
        self.connections = connections

    def set_guard(self, mode: str) -> None:
        self.run(f"SET LOCAL client_min_messages = error; SELECT tenantry.set_guard('{mode}')")

    def run(self, script: str, role: str = "dba") -> None:
        """Run statements in a transaction."""
        connection = self.connections[role]
        with connection.transaction():
            connection.execute(cast(LiteralString, script))

    @contextmanager
    def passing(self, role: str) -> Iterator[Connection]:
        """A transaction that is judged as if it ended, and rolled back."""
        connection = self.connections[role]
        with connection.transaction() as passing:
            yield connection
            connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
            raise psycopg.Rollback(passing)

    def state(self) -> set[str]:
        return set(catalog_text(self.connections["postgres"], *SCHEMAS))


def remedy(diagnostic: psycopg.errors.Diagnostic) -> str:
    """Return the SQL that a hint begins with."""
    hint = diagnostic.message_hint or ""
    found = re.fullmatch(r"(?:In the same transaction: )?(.*?;)(?: Or say why it needs none: .*;)?", hint)
    assert found is not None, hint
    return found[1].replace("'…'", "'a reason'")


def exemption(diagnostic: psycopg.errors.Diagnostic) -> str | None:
    """Return the SQL that a hint ends with, where it offers an exemption."""
    found = re.search(r" Or say why it needs none: (.*;)$", diagnostic.message_hint or "")
    return found[1].replace("'…'", "'a reason'") if found else None
