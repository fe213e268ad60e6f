"""What a tenant's block sends to the server, for both clients.

A block costs two round trips beside its own statements. The first carries BEGIN and the call that opens the context;
the last carries COMMIT and what clears the session for the next tenant. psycopg's `Pipeline` would do the first one
too, for 50 µs more of Python a block, which is why this drives the connection's libpq pipeline itself.
"""

from __future__ import annotations

import psycopg
from psycopg import generators, pq
from psycopg.abc import PQGen
from psycopg.pq.abc import PGconn, PGresult

from .credentials import Principal

_OK = pq.ConnStatus.OK
_BINARY = pq.Format.BINARY
_FATAL_ERROR = pq.ExecStatus.FATAL_ERROR
_READY = (pq.TransactionStatus.IDLE, pq.TransactionStatus.INTRANS, pq.TransactionStatus.INERROR)

_LOST = "57P"  # shutdown, crash, terminated

# DISCARD ALL, but for two things: it cannot share a message with COMMIT, and it would cost psycopg its prepared
# statements. About 10 µs of the server's time.
_RESET = """\
SET SESSION AUTHORIZATION DEFAULT;
RESET ALL;
CLOSE ALL;
UNLISTEN *;
SELECT pg_catalog.pg_advisory_unlock_all();
DISCARD SEQUENCES;
DISCARD TEMP"""

COMMIT = f"COMMIT;\n{_RESET}".encode()
ROLLBACK = f"ROLLBACK;\n{_RESET}"

# What _RESET leaves: statements that SQL has prepared. The driver's own, and a connection pooler's, stay.
ROLLBACK_AND_DEALLOCATE = f"""\
{ROLLBACK};
DO $$
DECLARE
    v_name text;
BEGIN
    FOR v_name IN SELECT name FROM pg_catalog.pg_prepared_statements WHERE from_sql LOOP
        EXECUTE pg_catalog.format('DEALLOCATE %I', v_name);
    END LOOP;
END
$$"""


def open_context(pgconn: PGconn, begin: bytes, principal: Principal) -> PQGen[bytes]:
    """Begin a transaction and open the principal's context in it; return the identity in binary.

    The call is never a prepared statement: SQL that an earlier tenant ran could have put its own under that name.
    """
    parameters = principal.parameters()
    try:
        pgconn.enter_pipeline_mode()
        pgconn.send_query_params(begin, None)
        pgconn.send_query_params(principal.statement, parameters, result_format=_BINARY)
    finally:
        del parameters  # a traceback shows a frame's locals
    pgconn.pipeline_sync()
    yield from generators.send(pgconn)
    began = yield from generators.fetch_many(pgconn)
    opened = yield from generators.fetch_many(pgconn)
    yield from generators.fetch_many(pgconn)  # the sync
    pgconn.exit_pipeline_mode()
    for result in (*began, *opened):
        _raise_error(result)
    identity = opened[0].get_value(0, 0)
    if identity is None:
        raise psycopg.DataError("the server returned no identity")
    return bytes(identity)


def commit(pgconn: PGconn) -> PQGen[tuple[bool, bool]]:
    """Commit and reset the session. Return whether each was done: a transaction that has failed is rolled back instead.

    Raises the error of a COMMIT that the server refuses.
    """
    pgconn.send_query(COMMIT)
    committed, *reset = yield from generators.execute(pgconn)
    _raise_error(committed)
    return committed.command_status == b"COMMIT", bool(reset) and reset[-1].status != _FATAL_ERROR


def is_busy(pgconn: PGconn) -> bool:
    """Whether the connection is no longer, or not now, able to take a command."""
    return pgconn.transaction_status not in _READY or pgconn.pipeline_status != pq.PipelineStatus.OFF


def is_lost(pgconn: PGconn, error: psycopg.Error) -> bool:
    """Whether `error` means that the server is gone, not that it has answered."""
    return pgconn.status != _OK or (error.sqlstate or "").startswith(_LOST)


def _raise_error(result: PGresult) -> None:
    if result.status == _FATAL_ERROR:
        raise psycopg.errors.error_from_result(result)
