import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from tests.support.cluster import Cluster


@pytest.fixture(scope="session")
def psql() -> Path:
    """The psql that belongs to the server."""
    pg_config = os.environ.get("PG_CONFIG", "pg_config")
    return Path(subprocess.check_output([pg_config, "--bindir"], text=True).strip(), "psql")


@pytest.fixture
def empty_database(cluster: Cluster) -> Iterator[str]:
    """Connection string of a database without anything. Goes after the test, with the roles that the examples made."""
    conninfo = make_conninfo(host=cluster.host, port=cluster.port, user=cluster.user, dbname="notes")
    with psycopg.connect(conninfo, dbname="postgres", autocommit=True) as superuser:
        superuser.execute("CREATE DATABASE notes")
        yield conninfo
        superuser.execute("DROP DATABASE notes WITH (FORCE)")
        for (role,) in superuser.execute("SELECT rolname FROM pg_roles WHERE rolname LIKE 'notes\\_%'").fetchall():
            superuser.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))
