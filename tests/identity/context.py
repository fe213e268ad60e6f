"""What the tests do with contexts."""

from tests.support.database import Connection

INVALID = "tenant context is not valid"
EXPIRED = "tenant context has expired"


def bodies(connection: Connection) -> list[str]:
    """Return the bodies of all documents that the connection sees."""
    return [body for (body,) in connection.execute("SELECT body FROM documents ORDER BY body")]


def token(connection: Connection) -> str:
    """Return the current context; empty outside one."""
    row = connection.execute("SELECT coalesce(current_setting('tenantry.context', true), '')").fetchone()
    assert row is not None
    return str(row[0])


def set_token(connection: Connection, value: str, *, local: bool = True) -> None:
    """Set the context by hand, as SQL injection can."""
    connection.execute("SELECT set_config('tenantry.context', %s, %s)", [value, local])
