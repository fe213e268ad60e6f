"""The database to measure in, and what is worth knowing of the server and the machine."""

import os
import platform
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

DATABASE = "tenantry_bench"
BARE_DATABASE = "tenantry_bench_bare"
LOGINS = {"bench_app": "tenantry_app", "bench_gateway": "tenantry_gateway", "bench_dba": "tenantry_admin"}
SETTINGS = (
    "shared_buffers",
    "work_mem",
    "effective_cache_size",
    "fsync",
    "synchronous_commit",
    "full_page_writes",
    "max_wal_size",
    "jit",
    "data_checksums",
)

Connection = psycopg.Connection[tuple[Any, ...]]


@dataclass(frozen=True)
class Tenant:
    """A tenant and a key of role member."""

    tenant_id: UUID
    api_key: str = field(repr=False)


def conninfo(role: str) -> str:
    """Return the connection string of a login role; host and port come from libpq's environment."""
    return make_conninfo(dbname=DATABASE, user=role)


def connect(role: str, **options: Any) -> Connection:
    """Connect to the database in autocommit mode."""
    return psycopg.connect(conninfo(role), autocommit=True, **options)


@contextmanager
def database() -> Iterator[Connection]:
    """Create the database and its login roles, yield a superuser's connection to it, and drop them all afterwards."""
    with psycopg.connect(autocommit=True) as maintenance:
        _drop(maintenance)
        maintenance.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
        try:
            with connect(maintenance.info.user) as superuser:
                superuser.execute("CREATE EXTENSION tenantry")
                for role, membership in LOGINS.items():
                    statement = sql.SQL("CREATE ROLE {} LOGIN IN ROLE {}")
                    superuser.execute(statement.format(sql.Identifier(role), sql.Identifier(membership)))
                superuser.execute("GRANT CREATE ON SCHEMA public TO bench_dba")
                yield superuser
        finally:
            _drop(maintenance)


@contextmanager
def bare_database() -> Iterator[Connection]:
    """Create a database without tenantry beside the other one, and yield a superuser's connection to it."""
    with psycopg.connect(autocommit=True) as maintenance:
        maintenance.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(BARE_DATABASE)))
        try:
            with connect(maintenance.info.user, dbname=BARE_DATABASE) as superuser:
                yield superuser
        finally:
            _drop_database(maintenance, BARE_DATABASE)


def _drop(maintenance: Connection) -> None:
    for name in (BARE_DATABASE, DATABASE):
        _drop_database(maintenance, name)
    for role in LOGINS:
        maintenance.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(role)))


def _drop_database(maintenance: Connection, name: str) -> None:
    maintenance.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def create_tenants(dba: Connection, prefix: str, count: int) -> list[Tenant]:
    """Create tenants, each with one key."""
    rows = dba.execute(
        "SELECT t, k.api_key FROM generate_series(1, %(count)s) AS i,"
        " LATERAL tenantry.create_tenant(%(prefix)s || '-' || i, 'Tenant ' || i) AS t,"
        " LATERAL tenantry.issue_api_key(t, 'bench') AS k",
        {"prefix": prefix, "count": count},
    ).fetchall()
    return [Tenant(tenant_id, api_key) for tenant_id, api_key in rows]


def facts(superuser: Connection) -> dict[str, Any]:
    """Return where the figures come from: server, settings, machine, revision."""
    version, settings = superuser.execute(
        "SELECT version(), jsonb_object_agg(s.name, current_setting(s.name))"
        " FROM pg_settings AS s WHERE s.name = ANY (%s)",
        [list(SETTINGS)],
    ).fetchone() or ("", {})
    return {
        "revision": _revision(),
        "server": version,
        "settings": settings,
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "load": os.getloadavg(),
        "python": platform.python_version(),
        "psycopg": psycopg.__version__,
        "libpq": psycopg.pq.version_pretty(psycopg.pq.version()),
    }


def _revision() -> str | None:
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        finished = subprocess.run(command, capture_output=True, text=True)
    except FileNotFoundError:  # a machine without git
        return None
    return finished.stdout.strip() or None


def _cpu() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()
