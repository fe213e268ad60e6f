"""Reading the server's identity, today's and one that has grown."""

import struct
from datetime import UTC, datetime
from uuid import UUID

import pytest

from tenantry import Identity
from tenantry.identity import parse_identity

TENANT, KEY = UUID("3f0e9a52-6b1d-4c8e-9a3b-0123456789ab"), UUID("a52e3f09-1d6b-8e4c-3b9a-ba9876543210")


def record(*fields: bytes | None) -> bytes:
    """Return a composite in PostgreSQL's binary format."""
    parts = [struct.pack("!i", len(fields))]
    for field in fields:
        parts.append(struct.pack("!Ii", 25, -1) if field is None else struct.pack("!Ii", 25, len(field)) + field)
    return b"".join(parts)


def test_every_field() -> None:
    expiry = struct.pack("!q", 86_400_000_001)
    data = record(TENANT.bytes, "ädä".encode(), b"manager", b"CONFIDENTIAL", KEY.bytes, struct.pack("!i", 600), expiry)
    assert parse_identity(data, "utf-8") == Identity(
        TENANT, "ädä", "manager", "CONFIDENTIAL", KEY, 600, datetime(2000, 1, 2, 0, 0, 0, 1, tzinfo=UTC)
    )


def test_nothing_but_a_tenant_and_fields_that_came_later() -> None:
    data = record(TENANT.bytes, None, None, None, None, None, struct.pack("!q", 2**63 - 1), b"new", None)
    assert parse_identity(data, "utf-8") == Identity(TENANT, None, None, None, None, None, None)


def test_an_identity_without_a_tenant_is_refused() -> None:
    with pytest.raises(ValueError, match="without a tenant"):
        parse_identity(record(*[None] * 7), "utf-8")
