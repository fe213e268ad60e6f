import itertools
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from tests.support.cluster import Cluster

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def psql() -> Path:
    """The psql that belongs to the server."""
    pg_config = os.environ.get("PG_CONFIG", "pg_config")
    return Path(subprocess.check_output([pg_config, "--bindir"], text=True).strip(), "psql")


@pytest.fixture
def empty_database(cluster: Cluster) -> Iterator[str]:
    """Name of a database without anything. Removed after the test, with the roles that the examples have made."""
    name = f"notes_{next(_numbers)}"
    conninfo = make_conninfo(host=cluster.host, port=cluster.port, user=cluster.user, dbname="postgres")
    with psycopg.connect(conninfo, autocommit=True) as superuser:
        superuser.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield name
        superuser.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
        for (role,) in superuser.execute("SELECT rolname FROM pg_roles WHERE rolname LIKE 'notes\\_%'").fetchall():
            superuser.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))
