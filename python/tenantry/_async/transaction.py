"""A transaction that acts for one tenant."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, overload

import psycopg
from psycopg import AsyncConnection, AsyncCursor, AsyncRawCursor, AsyncTransaction
from psycopg.abc import Params, QueryNoTemplate
from psycopg.pq import PipelineStatus, TransactionStatus
from psycopg.rows import AsyncRowFactory, Row, TupleRow, args_row, tuple_row
from psycopg.types.json import Jsonb

from .. import _protocol as protocol
from .._bulk import DESCRIBE, Batch, Load
from .._wire import Vector, vector_parameter
from ..credentials import Principal
from ..errors import ContextClosed, InvalidArgument, translate
from ..identity import Identity, parse_identity
from ..results import SearchResult
from ._compat import Rows, each, uninterrupted

if TYPE_CHECKING:
    from .pool import AsyncTenantPool

logger = logging.getLogger("tenantry")

_IDLE = TransactionStatus.IDLE

_SEARCH = """
SELECT id, content, distance, score, metadata, shared_by
FROM tenantry.search(
    p_query => %s,
    p_k => %s::int4,
    p_corpus => %s,
    p_text => %s,
    p_filter => %s,
    p_diversity => %s,
    p_max_distance => %s
)
"""


class AsyncTenantTransaction:
    """A transaction that acts for a tenant; the block that `AsyncTenantPool.tenant` opens.

    The block commits at its end and rolls back when an exception leaves it; committing or rolling back inside it ends
    the context, and the block with an error. Savepoints are fine: the context follows them.

    The connection belongs to the block. Afterwards it serves another tenant: don't keep it, nor a cursor of it.

    The methods raise tenantry's errors where there is one for the SQLSTATE and psycopg's otherwise. So does the block,
    for an error that leaves it.
    """

    __slots__ = ("_begin", "_connection", "_encoding", "_identity", "_pool", "_principal", "_record", "_timeout")

    def __init__(self, pool: AsyncTenantPool, principal: Principal, begin: bytes, timeout: float | None):
        self._pool = pool
        self._principal = principal
        self._begin = begin
        self._timeout = timeout
        self._connection: AsyncConnection[TupleRow] | None = None
        self._record: bytes | None = None
        self._encoding = ""
        self._identity: Identity | None = None

    def __repr__(self) -> str:
        state = "open" if self._connection else "closed" if self._record else "new"
        return f"<{type(self).__module__}.{type(self).__qualname__} [{state}] at 0x{id(self):x}>"

    async def __aenter__(self) -> Self:
        if self._record:
            raise psycopg.ProgrammingError("a tenant's block can be entered only once")
        attempts = self._pool.max_size + 1  # every idle connection may turn out to be lost
        while True:
            connection = await self._pool.getconn(self._timeout)
            try:
                self._record = await self._open(connection)
                self._encoding = connection.info.encoding
                self._connection = connection
                return self
            except psycopg.Error as error:
                failure = error
                lost = protocol.is_lost(connection.pgconn, error)
            finally:
                if not self._connection:
                    await self._give_back(connection, clean=False)
            attempts -= 1
            if not (lost and attempts):
                # No frame that has seen the credential.
                raise translate(failure).with_traceback(None) from None

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        connection, self._connection = self._connection, None
        if not connection:
            raise psycopg.ProgrammingError("the tenant's block has not been entered")
        clean = False
        try:
            if exc is None:
                clean = await self._commit(connection)
        except psycopg.Error as error:
            raise translate(error) from None
        finally:
            await self._give_back(connection, clean=clean)
        if isinstance(exc, psycopg.Error) and (translated := translate(exc)) is not exc:
            raise translated.with_traceback(traceback) from None

    @property
    def identity(self) -> Identity:
        """Who the block acts for, as the server answered. It may be read after the block too."""
        if self._identity is None:
            if self._record is None:
                raise ContextClosed("the tenant's block has not been entered")
            self._identity = parse_identity(self._record, self._encoding)
        return self._identity

    @property
    def connection(self) -> AsyncConnection[TupleRow]:
        """The connection, for the length of the block. Raises `ContextClosed` when block or transaction is over."""
        if not self._connection:
            raise ContextClosed("the tenant's block is not open")
        if self._connection.pgconn.transaction_status == _IDLE:
            raise ContextClosed("the transaction was ended inside the tenant's block, and the context with it")
        return self._connection

    async def execute(
        self, query: QueryNoTemplate, params: Params | None = None, *, prepare: bool | None = None, binary: bool = False
    ) -> AsyncCursor[TupleRow]:
        """Execute a statement and return the cursor that holds its result, like `psycopg.AsyncConnection.execute`."""
        connection = self.connection
        try:
            return await connection.execute(query, params, prepare=prepare, binary=binary)
        except psycopg.Error as error:
            raise translate(error) from None

    @overload
    def cursor(self, *, binary: bool = False) -> AsyncCursor[TupleRow]: ...

    @overload
    def cursor(self, *, binary: bool = False, row_factory: AsyncRowFactory[Row]) -> AsyncCursor[Row]: ...

    def cursor(self, *, binary: bool = False, row_factory: AsyncRowFactory[Any] | None = None) -> AsyncCursor[Any]:
        """Return a new cursor. For one that stays in the server, `t.connection.cursor(name)`."""
        return self.connection.cursor(binary=binary, row_factory=row_factory or self.connection.row_factory)

    def transaction(
        self, savepoint_name: str | None = None, force_rollback: bool = False
    ) -> AbstractAsyncContextManager[AsyncTransaction]:
        """Return a block inside this one that can be rolled back by itself: a savepoint."""
        return self.connection.transaction(savepoint_name, force_rollback)

    async def search(
        self,
        vector: Vector,
        k: int = 10,
        *,
        corpus: str | None = None,
        filter: Mapping[str, Any] | None = None,
        max_distance: float | None = None,
        text: str | None = None,
        diversity: float = 0,
    ) -> list[SearchResult]:
        """Return the `k` rows nearest to `vector` that the tenant has or is shared, nearest first: `tenantry.search`.

        `corpus` is a table's name as SQL writes it; the only registered one where none is named. `filter` is what the
        metadata must contain. `max_distance` is in the metric of the corpus. `text` and `diversity`, from 0 to 1, are
        for corpora that support them.

        Raises `InvalidArgument` for a vector that is none or of the wrong dimension, `k` below 1 or an unknown corpus,
        `AccessDenied` without a context.
        """
        parameters = (
            vector_parameter(vector),
            k,
            corpus,
            text,
            None if filter is None else Jsonb(filter),
            diversity,
            max_distance,
        )
        cursor = AsyncCursor(self.connection, row_factory=args_row(SearchResult))
        try:
            await cursor.execute(_SEARCH, parameters)
        except psycopg.Error as error:
            raise translate(error) from None
        return await cursor.fetchall()

    async def copy_rows(self, table: str, columns: Sequence[str], rows: Rows) -> int:
        """Insert many rows and return their number. This is for tables that RLS keeps COPY FROM from.

        `table` is a name as SQL writes it, schema and quotes included; `columns` are names as they are. Each row is a
        sequence with a value for each column; what psycopg adapts is fine, and so are a vector in any form that
        `search` takes, and dicts and lists for a JSON column. The tenant's column fills itself. `rows` is read as it
        is sent, in batches, so it may be larger than memory.

        All rows are inserted or, when anything fails, none.

        Raises `InvalidArgument` for an unknown column or a row of the wrong length, `AccessDenied` for a row that the
        tenant may not write, and psycopg's errors for what the table refuses.
        """
        connection, count = self.connection, 0
        if isinstance(columns, str) or not columns:
            raise InvalidArgument("name the columns to load, at least one, in a list")
        if connection.info.pipeline_status != PipelineStatus.OFF:
            raise psycopg.NotSupportedError("copy_rows cannot be used in pipeline mode")
        try:
            async with connection.transaction():
                description = AsyncRawCursor(connection, row_factory=args_row(Load))
                await description.execute(DESCRIBE, (table, list(columns)))
                load = await description.fetchone()
                assert load  # an aggregate has a row
                batch = Batch(connection, load)
                insert = AsyncRawCursor(connection, row_factory=tuple_row)
                async for row in each(rows):
                    batch.add(row)
                    if batch.is_full:
                        await insert.execute(load.statement.encode(), batch.take())
                        count += insert.rowcount
                if batch:
                    await insert.execute(load.statement.encode(), batch.take())
                    count += insert.rowcount
        except psycopg.Error as error:
            raise translate(error) from None
        return count

    async def _open(self, connection: AsyncConnection[TupleRow]) -> bytes:
        try:
            return await connection.wait(protocol.open_context(connection.pgconn, self._begin, self._principal))
        except psycopg.errors.ObjectNotInPrerequisiteState:
            # Something in the session is left from a former transaction. The same message rolls back and clears it, so
            # a pooler between us and the server cannot send us elsewhere in between.
            await AsyncCursor(connection, row_factory=tuple_row).execute(protocol.ROLLBACK_AND_DEALLOCATE)
        return await connection.wait(protocol.open_context(connection.pgconn, self._begin, self._principal))

    async def _commit(self, connection: AsyncConnection[TupleRow]) -> bool:
        """Commit. Return whether the session is clean as well."""
        pgconn = connection.pgconn
        if pgconn.transaction_status == _IDLE:
            raise ContextClosed("the transaction was ended inside the tenant's block, and the context with it")
        if protocol.is_busy(pgconn):
            raise psycopg.InterfaceError("the tenant's block ended in the middle of a command; it was rolled back")
        async with connection.lock:
            committed, clean = await connection.wait(protocol.commit(pgconn))
        if not committed:
            raise psycopg.errors.InFailedSqlTransaction(
                "the tenant's block was rolled back: a statement in it had failed"
            )
        return clean

    async def _give_back(self, connection: AsyncConnection[TupleRow], *, clean: bool) -> None:
        """Return the connection to the pool with nothing in it of this block; closed, if that is what it takes."""
        pgconn = connection.pgconn
        try:
            if not clean and protocol.is_busy(pgconn):
                pgconn.finish()
            elif not clean:
                await AsyncCursor(connection, row_factory=tuple_row).execute(protocol.ROLLBACK)
        except psycopg.Error as error:
            logger.warning("error ignored in rollback, the connection is closed: %s", error)
            pgconn.finish()
        except BaseException:
            pgconn.finish()
            raise
        finally:
            await uninterrupted(self._pool.putconn, connection)
