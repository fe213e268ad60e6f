"""Databases with both extensions, and connections to them."""

from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

EXTENSIONS = ("tenantry", "vector", "plpython3u", "tenantry_jwt", "tenantry_search")

# Login role → what it is a member of. No password: the socket's directory is the lock.
LOGINS = {"app": "tenantry_app", "gateway": "tenantry_gateway", "dba": "tenantry_admin"}

Connection = psycopg.Connection[tuple[Any, ...]]


class Database:
    """A database of the test server. Connections opened through it are closed with it."""

    def __init__(self, host: str, port: int, name: str) -> None:
        self.host = host
        self.port = port
        self.name = name
        self._connections: list[Connection] = []

    def through(self, host: str, port: int) -> "Database":
        """Return the same database behind another address; its connections are closed with this one's."""
        other = Database(host, port, self.name)
        other._connections = self._connections
        return other

    def conninfo(self, role: str) -> str:
        """Return the connection string of a login role."""
        return make_conninfo(host=self.host, port=self.port, dbname=self.name, user=role)

    def connect(self, role: str, *, autocommit: bool = True, **options: Any) -> Connection:
        """Connect as a login role.

        Args:
            role: one of LOGINS, or "postgres", the superuser.
            autocommit: the default makes a transaction something that a test says: `with connection.transaction():`.
            options: passed on to psycopg.connect.
        """
        connection = psycopg.connect(self.conninfo(role), autocommit=autocommit, **options)
        self._connections.append(connection)
        return connection

    def close(self) -> None:
        """Close every connection that is still open."""
        for connection in self._connections:
            connection.close()


def install_extensions(**connection: Any) -> None:
    """Make the template: both extensions, and the login roles where the cluster has none yet."""
    connection["autocommit"] = True
    with psycopg.connect(**connection) as superuser:
        for extension in EXTENSIONS:
            superuser.execute(sql.SQL("CREATE EXTENSION {}").format(sql.Identifier(extension)))
        for role, membership in LOGINS.items():
            login, group = sql.Identifier(role), sql.Identifier(membership)
            superuser.execute(sql.SQL("CREATE ROLE {} LOGIN IN ROLE {}").format(login, group))
        superuser.execute("GRANT CREATE ON SCHEMA public TO dba")
