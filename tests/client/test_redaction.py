"""Where a credential goes: into one bind parameter, and nowhere else."""

import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tenantry import ApiKey, AsyncTenantPool, InvalidCredential, Member, TenantPool, Token, _protocol
from tests.client.conftest import World
from tests.client.support import shown

PASSWORD = "hunter2-is-a-password"


@contextmanager
def hanging_up(world: World) -> Iterator[int]:
    """Listen on a port that lets clients log in, and hangs up when one sends a key."""
    sockets = [socket.create_server(("127.0.0.1", 0))]

    def accept() -> None:
        with suppress(OSError):  # the listener was closed
            while True:
                client, server = sockets[0].accept()[0], socket.socket(socket.AF_UNIX)
                server.connect(f"{world.database.host}/.s.PGSQL.{world.database.port}")
                sockets.extend((client, server))
                for ends in ((client, server), (server, client)):
                    threading.Thread(target=forward, args=ends, daemon=True).start()

    def forward(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while (data := source.recv(65536)) and b"tenantry.authenticate" not in data:
                target.sendall(data)
            for end in (source, target):
                end.shutdown(socket.SHUT_RDWR)

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield int(sockets[0].getsockname()[1])
    finally:
        for each in sockets:
            each.close()


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """Everything that anybody logs."""
    caplog.set_level(logging.DEBUG)
    for name in ("psycopg", "psycopg.pool", "tenantry", "asyncio"):
        caplog.set_level(logging.DEBUG, name)
    return caplog


def wrong(key: str, ending: str) -> str:
    """Return a key of the same form that opens nothing."""
    return key[: -len(ending)] + ending


def read(file: Path) -> str:
    return file.read_text()


def test_the_logs_show_what_is_not_a_parameter(world: World, log: pytest.LogCaptureFixture, server_log: Path) -> None:
    """The tests below can fail. `shown` has its own such test, in test_credentials."""
    key = wrong(world.acme.api_key, "0000")
    with pytest.raises(psycopg.Error):
        psycopg.ClientCursor(world.database.connect("app")).execute("SELECT tenantry.authenticate(%s)", [key])
    assert key in server_log.read_text()
    logging.getLogger("psycopg").debug("a key: %s", key)
    assert key in log.text


def test_a_refused_key_is_in_no_error_and_no_log(world: World, log: pytest.LogCaptureFixture, server_log: Path) -> None:
    key = wrong(world.acme.api_key, "1111")
    with TenantPool(world.database.conninfo("app"), min_size=1, max_size=1) as pool:
        for _ in range(2):
            with pytest.raises(InvalidCredential) as caught, pool.tenant(api_key=key):
                pytest.fail("the block must not be entered")
            text = shown(caught.value)
            assert "TenantTransaction.__enter__" in text
            assert key not in text
    assert "connection given by" in log.text  # so the debug messages are there
    assert key not in log.text
    written = server_log.read_text()
    assert "invalid credential" in written
    assert key not in written


async def test_a_refused_key_is_in_no_error_and_no_log_of_asyncio(
    world: World, log: pytest.LogCaptureFixture, server_log: Path
) -> None:
    key = wrong(world.acme.api_key, "2222")
    async with AsyncTenantPool(world.database.conninfo("app"), min_size=1, max_size=1) as pool:
        with pytest.raises(InvalidCredential) as caught:
            async with pool.tenant(api_key=key):
                pytest.fail("the block must not be entered")
        assert "AsyncTenantTransaction.__aenter__" in shown(caught.value)
        assert key not in shown(caught.value)
    assert key not in log.text
    assert key not in read(server_log)


def test_an_accepted_key_is_not_in_what_other_sessions_see(world: World, log: pytest.LogCaptureFixture) -> None:
    key = world.acme.api_key
    with (
        TenantPool(world.database.conninfo("app"), min_size=1, max_size=1) as pool,
        pool.tenant(api_key=key) as t,
    ):
        activity = "SELECT query FROM pg_stat_activity WHERE pid = %s"
        row = world.superuser.execute(activity, [t.connection.info.backend_pid]).fetchone()
        assert row == ("SELECT tenantry.authenticate($1)",)
        statements = t.execute("SELECT statement FROM pg_prepared_statements").fetchall()
        assert not any("authenticate" in statement for (statement,) in statements)
        assert key not in repr(t) + repr(pool) + repr(t.identity) + repr(t.connection)
        assert key not in log.text


def test_a_cursor_class_that_binds_in_the_client_does_not_get_the_key(world: World) -> None:
    with (
        TenantPool(
            world.database.conninfo("app"), min_size=1, max_size=1, kwargs={"cursor_factory": psycopg.ClientCursor}
        ) as pool,
        pool.tenant(api_key=world.acme.api_key) as t,
    ):
        activity = "SELECT query FROM pg_stat_activity WHERE pid = %s"
        row = world.superuser.execute(activity, [t.connection.info.backend_pid]).fetchone()
        assert row == ("SELECT tenantry.authenticate($1)",)
        t.execute("SELECT %s", ["inlined"])
        row = world.superuser.execute(activity, [t.connection.info.backend_pid]).fetchone()
        assert row == ("SELECT 'inlined'",)  # the caller's own statements are bound as the caller wished


def test_a_lost_server_shows_no_key(world: World, log: pytest.LogCaptureFixture) -> None:
    """A server that hangs up as soon as it has read the key, each time."""
    key = world.acme.api_key
    with (
        hanging_up(world) as port,
        TenantPool(
            f"host=127.0.0.1 port={port} user=app dbname={world.database.name} password={PASSWORD} sslmode=disable",
            min_size=1,
            max_size=1,
            timeout=5,
        ) as pool,
    ):
        pool.wait()
        with pytest.raises(psycopg.OperationalError) as caught, pool.tenant(api_key=key):
            pytest.fail("the block must not be entered")
    text = shown(caught.value)
    assert key not in text
    assert PASSWORD not in text
    assert key not in log.text
    assert PASSWORD not in log.text


@pytest.mark.parametrize("principal", [ApiKey("sk_secret"), Token("eyJ.secret"), Member("3f0e", "ada")])
def test_an_interrupt_while_sending_shows_no_credential(principal: Any) -> None:
    class Interrupted:
        """A libpq connection on which Ctrl-C comes at the worst moment."""

        def enter_pipeline_mode(self) -> None: ...

        def send_query_params(self, statement: bytes, parameters: Any, **_: Any) -> None:
            if parameters:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:
        next(_protocol.open_context(Interrupted(), b"BEGIN", principal))  # type: ignore[arg-type]
    assert "open_context" in shown(caught.value)
    assert "secret" not in shown(caught.value)


def test_a_password_is_in_no_error_and_no_log(log: pytest.LogCaptureFixture) -> None:
    conninfo = f"host=127.0.0.1 port=1 user=app password={PASSWORD}"
    with TenantPool(conninfo, min_size=1, max_size=1, kwargs={"passfile": PASSWORD}) as pool:
        with pytest.raises(psycopg.OperationalError) as caught, pool.tenant(api_key="sk_x", timeout=0.5):
            pytest.fail("the block must not be entered")
        assert "error connecting" in log.text
        assert PASSWORD not in log.text
        assert PASSWORD not in shown(caught.value)
        assert PASSWORD not in repr(vars(pool))
