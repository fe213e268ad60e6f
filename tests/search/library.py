"""What the tests of the search do with the AI tables."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, LiteralString, cast
from uuid import UUID

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.support.database import Connection
from tests.support.tenants import Tenant, as_tenant

LEVELS = ("PUBLIC", "INTERNAL", "CONFIDENTIAL", "RESTRICTED")
ROLES = {"viewer": 1, "member": 2, "manager": 3, "owner": 4}  # how many of the levels each is cleared for


def make_library(dba: Connection, schema: str = "public", dimensions: int = 3) -> None:
    dba.execute("SELECT tenantry.create_ai_schema(%s, %s)", [schema, dimensions])


def run(connection: Connection, query: str, *parameters: object) -> psycopg.Cursor[tuple[Any, ...]]:
    return connection.execute(cast(LiteralString, query), parameters or None)


def value(connection: Connection, query: str, *parameters: object) -> Any:
    row = run(connection, query, *parameters).fetchone()
    assert row is not None
    return row[0]


def with_role(dba: Connection, tenant: Tenant, role: str) -> Tenant:
    """Return the tenant with a key of another role."""
    row = dba.execute(
        "SELECT key_id, api_key FROM tenantry.issue_api_key(%s, 'test', %s)", [tenant.tenant_id, role]
    ).fetchone()
    assert row is not None
    return replace(tenant, key_id=row[0], api_key=row[1])


@contextmanager
def refused(connection: Connection, sqlstate: str) -> Iterator[None]:
    """What is in the block fails with this SQLSTATE, a hint, and an intact transaction around it."""
    with pytest.raises(psycopg.Error) as refusal, connection.transaction():
        yield
    assert refusal.value.sqlstate == sqlstate, refusal.value
    assert refusal.value.diag.message_hint is not None, refusal.value


def add_document(connection: Connection, title: str = "a document", level: str = "PUBLIC") -> UUID:
    """Insert a document in the tenant's context, and return its id."""
    return cast(
        UUID,
        value(connection, "INSERT INTO documents (title, permission_level) VALUES (%s, %s) RETURNING id", title, level),
    )


def add_chunk(
    connection: Connection,
    document: UUID,
    ordinal: int,
    embedding: Sequence[float] | None,
    level: str = "PUBLIC",
    metadata: dict[str, object] | None = None,
) -> UUID:
    """Insert a chunk in the tenant's context, and return its id; its content is "chunk <ordinal>"."""
    return cast(
        UUID,
        value(
            connection,
            "INSERT INTO chunks (document_id, ordinal, content, embedding, permission_level, metadata)"
            " VALUES (%s, %s, %s, %s, %s, %s) RETURNING id",
            document,
            ordinal,
            f"chunk {ordinal}",
            None if embedding is None else vector(embedding),
            level,
            Jsonb(metadata or {}),
        ),
    )


def fill(connection: Connection, tenant: Tenant, *embeddings: Sequence[float] | None) -> None:
    """Give the tenant a document with one chunk for each embedding, numbered from 1."""
    with as_tenant(connection, tenant):
        document = add_document(connection)
        for ordinal, embedding in enumerate(embeddings, 1):
            add_chunk(connection, document, ordinal, embedding)


def vector(components: Sequence[float]) -> str:
    return "[" + ",".join(map(repr, components)) + "]"


def search(connection: Connection, query: Sequence[float], **arguments: object) -> list[tuple[Any, ...]]:
    """Search in the tenant's context: (id, content, distance, score, metadata), nearest first."""
    named = "".join(f", p_{name} => %s" for name in arguments)
    return run(
        connection,
        f"SELECT id, content, distance, score, metadata FROM tenantry.search(%s{named})",
        vector(query),
        *arguments.values(),
    ).fetchall()


def contents(hits: list[tuple[Any, ...]]) -> list[str]:
    return [content for _, content, *_ in hits]
