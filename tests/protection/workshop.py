"""A transaction in which the DBA makes, protects and breaks tables."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, LiteralString, cast

import psycopg

from tests.support.database import Connection
from tests.support.tenants import Tenant


class Workshop:
    """A superuser's connection that acts as the DBA, or as another login, by SET LOCAL ROLE."""

    def __init__(self, superuser: Connection, tenants: tuple[Tenant, Tenant]) -> None:
        self.connection = superuser
        self.acme, self.globex = tenants
        self.warnings: list[psycopg.errors.Diagnostic] = []
        self.execute("SET LOCAL client_min_messages = warning")
        self.execute("SET LOCAL ROLE dba")

    def execute(self, script: str, *parameters: object) -> psycopg.Cursor[tuple[Any, ...]]:
        return self.connection.execute(cast(LiteralString, script), parameters or None)

    def value(self, query: str, *parameters: object) -> Any:
        row = self.execute(query, *parameters).fetchone()
        assert row is not None
        return row[0]

    @contextmanager
    def role(self, role: str) -> Iterator[None]:
        """Act as another login for a while."""
        self.execute(f'SET LOCAL ROLE "{role}"')
        yield
        self.execute("SET LOCAL ROLE dba")

    @contextmanager
    def tenant(self, tenant: Tenant) -> Iterator[None]:
        """Act as the application, for a tenant."""
        with self.role("app"):
            self.execute("SELECT tenantry.authenticate(%s)", tenant.api_key)
            yield
            self.execute("SELECT tenantry.leave_tenant()")

    def gaps(self, table: str) -> list[str]:
        return cast(list[str], self.value("SELECT tenantry.protection_gaps(%s)", table))

    def refused(self, script: str, *parameters: object) -> psycopg.Error:
        """Run what must fail, and return the error."""
        try:
            with self.connection.transaction():
                self.execute(script, *parameters)
        except psycopg.Error as error:
            return error
        raise AssertionError(f"{script} went through")

    def fill(self, table: str, columns: str = "(id)", values: str = "(1)") -> None:
        """Let the application insert a row for each tenant."""
        self.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO app")
        for tenant in (self.acme, self.globex):
            with self.tenant(tenant):
                self.execute(f"INSERT INTO {table} {columns} VALUES {values}")

    def isolates(self, table: str, tenant_column: str = "tenant_id") -> bool:
        """Whether each tenant sees its own row alone, and can write none of the other's."""
        mine, theirs = self.acme.tenant_id, self.globex.tenant_id
        with self.tenant(self.acme):
            seen = self.execute(f"SELECT {tenant_column} FROM {table}").fetchall()
            touched = self.execute(f"UPDATE {table} SET {tenant_column} = {tenant_column}").rowcount
            refusal = self.refused(f"UPDATE {table} SET {tenant_column} = '{theirs}'")
        with self.role("app"):
            unseen = self.execute(f"SELECT FROM {table}").rowcount
        return (seen, touched, refusal.sqlstate, unseen) == ([(mine,)], 1, "42501", 0)
