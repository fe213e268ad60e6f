"""Many clients at once."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from tests.support.database import Connection, Database

CLIENTS = 64

Request = Callable[[Connection], bool]


class Crowd:
    """Connections that act at the same moment, each in a thread of its own."""

    def __init__(self, connections: list[Connection]) -> None:
        self._connections = connections

    def admitted(self, request: Request, each: int) -> int:
        """Let every client make the request so many times, and return how many of them were admitted."""
        start = threading.Barrier(len(self._connections))

        def client(connection: Connection) -> int:
            start.wait()
            return sum(request(connection) for _ in range(each))

        with ThreadPoolExecutor(len(self._connections)) as threads:
            return sum(threads.map(client, self._connections))


@contextmanager
def crowd(database: Database, clients: int = CLIENTS) -> Iterator[Crowd]:
    """Connect as many clients, as the application's login."""
    connections: list[Connection] = []
    try:
        connections.extend(database.connect("app") for _ in range(clients))
        yield Crowd(connections)
    finally:
        for connection in connections:
            connection.close()
