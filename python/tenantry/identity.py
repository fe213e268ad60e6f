"""Who a context acts for: the server's composite `tenantry.identity`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from struct import Struct
from typing import NamedTuple
from uuid import UUID

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_INFINITY = 2**63 - 1
_int4 = Struct("!i")
_int8 = Struct("!q")
_field_head = Struct("!Ii")  # type, length


class Identity(NamedTuple):
    """Who the open context acts for.

    `rate_limit_per_minute` counts requests and is `None` where there is no limit; `expires_at` is when the context
    stops being valid, in UTC, `None` for never.
    """

    tenant_id: UUID
    user_id: str | None
    role: str | None
    clearance: str | None
    key_id: UUID | None
    rate_limit_per_minute: int | None
    expires_at: datetime | None


def parse_identity(record: bytes, encoding: str) -> Identity:
    """Read `tenantry.identity` from PostgreSQL's binary format of a composite. Fields added after ours are ignored."""
    tenant, user, role, clearance, key, limit, expiry, *_ = _fields(record)
    if tenant is None:
        raise ValueError("the server returned an identity without a tenant")
    return Identity(
        UUID(bytes=tenant),
        None if user is None else user.decode(encoding),
        None if role is None else role.decode(encoding),
        None if clearance is None else clearance.decode(encoding),
        None if key is None else UUID(bytes=key),
        None if limit is None else int(_int4.unpack(limit)[0]),
        None if expiry is None else _timestamp(expiry),
    )


def _fields(record: bytes) -> Iterator[bytes | None]:
    (count,) = _int4.unpack_from(record)
    at = _int4.size
    for _ in range(count):
        _, length = _field_head.unpack_from(record, at)
        at += _field_head.size
        yield None if length < 0 else record[at : at + length]
        at += max(length, 0)


def _timestamp(value: bytes) -> datetime | None:
    (microseconds,) = _int8.unpack(value)
    return None if microseconds == _INFINITY else _EPOCH + timedelta(microseconds=microseconds)
