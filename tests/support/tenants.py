"""Tenants to test with."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID

from tests.support.database import Connection


@dataclass(frozen=True)
class Tenant:
    """A tenant with one API key."""

    tenant_id: UUID
    slug: str
    key_id: UUID
    api_key: str = field(repr=False)


def create_tenant(dba: Connection, slug: str, role: str = "member") -> Tenant:
    """Create a tenant and issue a key.

    Args:
        dba: a connection of a member of tenantry_admin.
        slug: the tenant's slug; its name too.
        role: viewer, member, manager or owner.
    """
    row = dba.execute(
        "SELECT t, k.key_id, k.api_key"
        " FROM tenantry.create_tenant(%(slug)s, %(slug)s) AS t, tenantry.issue_api_key(t, 'test', %(role)s) AS k",
        {"slug": slug, "role": role},
    ).fetchone()
    assert row is not None
    tenant_id, key_id, api_key = row
    return Tenant(tenant_id, slug, key_id, api_key)


@contextmanager
def as_tenant(connection: Connection, tenant: Tenant) -> Iterator[Connection]:
    """Open a transaction and the tenant's context in it, as an application does."""
    with connection.transaction():
        connection.execute("SELECT tenantry.authenticate(%s)", [tenant.api_key])
        yield connection
