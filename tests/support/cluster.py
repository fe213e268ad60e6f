"""The private PostgreSQL server of a test session."""

import os
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
SCRIPT = CHECKOUT / "extension/environment/cluster.sh"


@dataclass(frozen=True)
class Cluster:
    """A running server; has the attributes that pytest-postgresql asks of a process.

    Attributes:
        host: directory of the Unix socket, readable by the server's system user and root alone.
        port: port of the socket and of TCP on 127.0.0.1, where no role has a password.
        log: the server's log file.
    """

    host: str
    port: int
    log: Path
    user: str = "postgres"
    password: None = None
    options: str = ""
    maintenance_dbname: str = "postgres"
    template_dbname: None = None


def run_script(*arguments: str) -> str:
    """Run cluster.sh and return what it prints.

    Raises:
        subprocess.CalledProcessError: it failed; what it said went to stderr.
    """
    return subprocess.run([SCRIPT, *arguments], check=True, stdout=subprocess.PIPE, text=True).stdout


def cluster_name(purpose: str) -> str:
    """Return the name of this process's cluster of a purpose. cluster.sh makes `test…` quick and unsafe."""
    return f"{purpose}-{os.getpid()}"


@contextmanager
def running_cluster(purpose: str = "test") -> Iterator[Cluster]:
    """Start a cluster of this process's own, and remove it afterwards. Its name is `cluster_name(purpose)`."""
    name = cluster_name(purpose)
    run_script("sweep", purpose)
    run_script("start", name)
    try:
        words = shlex.split(run_script("env", name))
        variables = dict(word.split("=", 1) for word in words if "=" in word)
        yield Cluster(variables["PGHOST"], int(variables["PGPORT"]), Path(variables["TENANTRY_SERVER_LOG"]))
    finally:
        run_script("remove", name)
