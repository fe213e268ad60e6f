"""A real PgBouncer in transaction mode, in front of the test server."""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

from tests.support.cluster import Cluster
from tests.support.database import LOGINS, Database

POOL_SIZE = 4


@dataclass(frozen=True)
class PgBouncer:
    """A running PgBouncer.

    Attributes:
        host: directory of its Unix socket.
        port: port of the socket; it does not listen on TCP.
        prepared_statements: whether it follows protocol-level prepared statements (1.21 and later). Where it does not,
            connect with prepare_threshold=None.
    """

    host: str
    port: int
    prepared_statements: bool

    def database(self, database: Database) -> Database:
        """Return the same database, reached through PgBouncer."""
        return database.through(self.host, self.port)


@contextmanager
def running_pgbouncer(cluster: Cluster) -> Iterator[PgBouncer]:
    """Run PgBouncer as the server's system user, for all databases, with POOL_SIZE server connections a pool."""
    program = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
    assert program is not None, "PgBouncer is not installed"
    version = re.search(r"(\d+)\.(\d+)", subprocess.check_output([program, "--version"], text=True))
    assert version is not None
    prepared_statements = tuple(map(int, version.groups())) >= (1, 21)

    # Beside the server's socket, in the directory that nobody else can enter.
    folder = Path(cluster.host).parent
    owner, group = folder.stat().st_uid, folder.stat().st_gid
    bouncer = PgBouncer(cluster.host, cluster.port + 1, prepared_statements)
    users, configuration = folder / "pgbouncer.users", folder / "pgbouncer.ini"
    users.write_text("".join(f'"{role}" ""\n' for role in (*LOGINS, cluster.user)))
    configuration.write_text(
        f"""
[databases]
* = host={cluster.host} port={cluster.port}
[pgbouncer]
pool_mode = transaction
default_pool_size = {POOL_SIZE}
max_client_conn = 1000
listen_port = {bouncer.port}
unix_socket_dir = {bouncer.host}
auth_type = trust
auth_file = {users}
admin_users = {cluster.user}
logfile = {folder / "pgbouncer.log"}
{"max_prepared_statements = 100" if prepared_statements else ""}
"""
    )
    for file in (users, configuration):
        os.chown(file, owner, group)
    is_root = os.getuid() == 0
    process = subprocess.Popen(
        [program, "--quiet", configuration],
        cwd="/",
        stderr=subprocess.DEVNULL,
        user=owner if is_root else None,
        group=group if is_root else None,
        extra_groups=[] if is_root else None,
    )
    try:
        _wait_until_ready(bouncer, process)
        yield bouncer
    finally:
        process.terminate()
        process.wait()


def _wait_until_ready(bouncer: PgBouncer, process: "subprocess.Popen[bytes]") -> None:
    console = make_conninfo(host=bouncer.host, port=bouncer.port, dbname="pgbouncer", user="postgres")
    for _ in range(100):
        try:
            psycopg.connect(console, autocommit=True).close()
        except psycopg.OperationalError:
            assert process.poll() is None, "PgBouncer ended; see pgbouncer.log beside the server's socket directory"
            time.sleep(0.05)
        else:
            return
    raise TimeoutError("PgBouncer does not answer")
