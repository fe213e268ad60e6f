"""A connection pool whose connections are lent to one tenant at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection, IsolationLevel
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool
from psycopg_pool.abc import AsyncConnectionCB

from .._wire import Binary, BinaryDumper
from ..credentials import ApiKey, Principal, Secret, Token, choose_principal
from .transaction import AsyncTenantTransaction


class AsyncTenantPool(AsyncConnectionPool[AsyncConnection[TupleRow]]):
    """A psycopg connection pool that opens transactions for tenants.

    The login should be a member of `tenantry_app` and own nothing. Everything that `psycopg_pool.AsyncConnectionPool`
    offers is here too; what differs:

    - Open it with `async with`, or with `open()` and `close()`.
    - Connections are in autocommit mode, since a tenant's block begins and ends its own transaction.
    - When a tenant's block ends, its session is cleared: of settings, temporary tables, cursors, LISTEN and advisory
      locks. Settings that shall last belong into the connection string (`options=-c …`) or `ALTER ROLE … SET`, not
      into `configure`, which is the place for what is set on the connection object: adapters, a row factory.

    Parameters beside those of psycopg's pool:

    `prepare_threshold`: how often a statement runs before psycopg prepares it; `None` for never, which PgBouncer before
    1.21 needs in transaction mode.
    """

    def __init__(
        self,
        conninfo: str | Callable[[], str] = "",
        *,
        min_size: int = 4,
        max_size: int | None = None,
        kwargs: dict[str, Any] | Callable[[], dict[str, Any]] | None = None,
        configure: AsyncConnectionCB[AsyncConnection[TupleRow]] | None = None,
        prepare_threshold: int | None = 5,
        **options: Any,
    ):
        if options.get("close_returns"):
            raise TypeError("close_returns would lend a connection that a tenant's block still holds")

        async def configure_connection(connection: AsyncConnection[TupleRow]) -> None:
            await connection.set_autocommit(True)
            connection.prepare_threshold = prepare_threshold
            connection.adapters.register_dumper(Binary, BinaryDumper)
            if configure:
                await configure(connection)

        # Both may hold a password, and psycopg takes a callable for either.
        conninfo = conninfo if callable(conninfo) else Secret(conninfo)
        kwargs = kwargs if kwargs is None or callable(kwargs) else Secret(kwargs)
        super().__init__(
            conninfo,
            min_size=min_size,
            max_size=max_size,
            kwargs=kwargs,
            configure=configure_connection,
            **{"open": False, **options},
        )

    def tenant(
        self,
        principal: Principal | None = None,
        /,
        *,
        api_key: str | None = None,
        token: str | None = None,
        tenant: UUID | str | None = None,
        user: str | None = None,
        role: str | None = None,
        read_only: bool = False,
        isolation_level: IsolationLevel | None = None,
        timeout: float | None = None,
    ) -> AsyncTenantTransaction:
        """Lend a connection in a transaction that acts for a tenant: `async with pool.tenant(api_key=key) as t:`.

        Who acts: exactly one of `api_key`; `token`, a JWT; `tenant` with or without `user` and `role`, for a login that
        is a member of `tenantry_gateway`; or a `principal` that holds one of these.

        The block commits at its end, and rolls back when an exception leaves it. `timeout` is how many seconds to wait
        for a connection; without one, the pool's.

        Raises `TypeError` for another number of credentials. Entering the block raises `InvalidCredential`,
        `AccessDenied` when the login may not act for the tenant, `psycopg_pool.PoolTimeout` when no connection got free
        in time, and `psycopg.OperationalError` when the server is lost.
        """
        try:
            chosen = choose_principal(
                principal,
                None if api_key is None else ApiKey(api_key),
                None if token is None else Token(token),
                tenant,
                user,
                role,
            )
        finally:
            del api_key, token  # a traceback shows a frame's locals
        begin = "BEGIN"
        if isolation_level is not None:
            begin += f" ISOLATION LEVEL {isolation_level.name.replace('_', ' ')}"
        if read_only:
            begin += " READ ONLY"
        return AsyncTenantTransaction(self, chosen, begin.encode(), timeout)
