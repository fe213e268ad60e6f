"""A server that records all it can, and what there is to read afterwards."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import psycopg
from psycopg import sql

from tests.support.cluster import cluster_name, run_script, running_cluster
from tests.support.database import Connection, Database, install_extensions
from tests.support.pgbouncer import PgBouncer, running_pgbouncer

PURPOSE = "test-noisy"

# At the start of the server.
PRELOADED = {
    "shared_preload_libraries": "pg_stat_statements, auto_explain",
    "logging_collector": "on",
    "log_destination": "stderr, csvlog, jsonlog",
    "log_rotation_size": "0",
    "track_activity_query_size": "65536",
}

# As loud as it gets, but for what the how-to says to set.
NOISE = {
    "log_statement": "all",
    "log_duration": "on",
    "log_min_duration_statement": "0",
    "log_min_duration_sample": "0",
    "log_statement_sample_rate": "1",
    "log_transaction_sample_rate": "1",
    "log_error_verbosity": "verbose",
    "log_min_messages": "debug5",
    "log_min_error_statement": "debug5",
    "log_lock_waits": "on",
    "deadlock_timeout": "50ms",
    "log_temp_files": "0",
    "log_statement_stats": "on",
    "log_line_prefix": "%m %a %u %d %r %b %p %P %l %c %s %v %x %i %e %Q ",
    "debug_print_parse": "on",
    "debug_print_rewritten": "on",
    "debug_pretty_print": "off",
    "track_activities": "on",
    "track_functions": "all",
    "compute_query_id": "on",
    "pg_stat_statements.track": "all",
    "pg_stat_statements.track_utility": "on",
    "auto_explain.log_min_duration": "0",
    "auto_explain.log_analyze": "on",
    "auto_explain.log_buffers": "on",
    "auto_explain.log_wal": "on",
    "auto_explain.log_triggers": "on",
    "auto_explain.log_settings": "on",
    "auto_explain.log_nested_statements": "on",
}

# What docs/how-to/keep-credentials-out-of-logs.md says to set, and to what.
QUIET = {
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "auto_explain.log_parameter_max_length": "0",
    "auto_explain.log_verbose": "off",
    "debug_print_plan": "off",
}


@dataclass
class NoisyServer:
    """A server with NOISE and QUIET, and a database with tenantry in it.

    Attributes:
        database: the database.
        pgbouncer: PgBouncer before it.
        superuser: a connection of the superuser, that is quiet itself.
    """

    database: Database
    pgbouncer: PgBouncer
    superuser: Connection
    _folder: Path
    _read: dict[Path, int] = field(default_factory=dict)

    def signing_keys(self) -> list[bytes]:
        """Return what the contexts are signed with."""
        rows = self.superuser.execute(
            "SELECT unnest(ARRAY[inner_block, outer_block]) FROM tenantry_private.signing_keys"
        )
        return [block for (block,) in rows]

    def wait_for(self, query: str, *parameters: object) -> None:
        """Wait until a query of the superuser is true."""
        for _ in range(1000):
            if self.superuser.execute(query.encode(), parameters).fetchone() == (True,):
                return
            time.sleep(0.01)
        raise TimeoutError(query)

    def log(self) -> str:
        """Return what the server and PgBouncer have logged since the last call, in all formats."""
        return "\n".join(self.logs().values())

    def logs(self) -> dict[str, str]:
        """Return the same by file name: the formats are .log, .csv and .json."""
        marker = str(uuid4())
        with self.database.connect("postgres") as connection:
            connection.execute(f"SELECT '{marker}'".encode())
        files = [*self._folder.glob("data/log/*"), self._folder / "pgbouncer.log"]
        assert {file.suffix for file in files} == {".log", ".csv", ".json"}
        for _ in range(1000):
            texts = {file: self._tail(file) for file in files}
            if all(marker in text for file, text in texts.items() if file.name != "pgbouncer.log"):
                break
            time.sleep(0.01)
        else:
            raise TimeoutError("the logging collector does not write")
        for file, text in texts.items():
            self._read[file] = self._read.get(file, 0) + len(text.encode("latin-1"))
        return {file.name: text for file, text in texts.items()}

    def _tail(self, file: Path) -> str:
        with file.open("rb") as stream:
            stream.seek(self._read.get(file, 0))
            return stream.read().decode("latin-1")

    def everything_on_disk(self) -> Iterator[tuple[Path, bytes]]:
        """Yield each file that the server and PgBouncer keep: tables, WAL, statistics, temporary files, logs."""
        self.superuser.execute("CHECKPOINT")
        for file in self._folder.rglob("*"):
            if file.is_file():
                yield file.relative_to(self._folder), file.read_bytes()

    def seen_by_others(self) -> str:
        """Return what other sessions see of every session: the superuser, and one with the same login."""
        seen = [str(self.superuser.execute("SELECT a FROM pg_stat_activity AS a").fetchall())]
        for role in ("app", "dba", "gateway"):
            with self.database.connect(role) as other:
                seen.append(str(other.execute("SELECT a FROM pg_stat_activity AS a").fetchall()))
        seen.append(str(self.superuser.execute("SELECT s FROM pg_stat_statements AS s").fetchall()))
        for (pid,) in self.superuser.execute("SELECT pid FROM pg_stat_activity").fetchall():
            title = Path("/proc", str(pid), "cmdline")
            if title.exists():
                seen.append(title.read_bytes().decode("latin-1"))
        return "\n".join(seen)


@contextmanager
def noisy_server() -> Iterator[NoisyServer]:
    """Run the server and a PgBouncer."""
    with running_cluster(PURPOSE) as cluster:
        name = cluster_name(PURPOSE)
        maintenance = {"host": cluster.host, "port": cluster.port, "user": cluster.user}
        with psycopg.connect(**maintenance, autocommit=True) as superuser:  # type: ignore[arg-type]
            superuser.execute("CREATE DATABASE noisy")
            _set(superuser, PRELOADED)
        run_script("stop", name)
        run_script("start", name)
        database = Database(cluster.host, cluster.port, "noisy")
        install_extensions(**maintenance, dbname=database.name)
        # Deaf to its own statements: what the tests look for stands in them.
        options = " ".join(f"-c {name}={value}" for name, value in SILENCE.items())
        superuser = database.connect("postgres", options=options)
        superuser.execute("CREATE EXTENSION pg_stat_statements")
        _set(superuser, NOISE | QUIET)
        superuser.execute("SELECT pg_reload_conf()")
        with running_pgbouncer(cluster) as pgbouncer:
            yield NoisyServer(database, pgbouncer, superuser, cluster.log.parent)
        database.close()


SILENCE = {
    "log_statement": "none",
    "log_duration": "off",
    "log_min_duration_statement": "-1",
    "log_min_duration_sample": "-1",
    "log_transaction_sample_rate": "0",
    "log_min_messages": "panic",
    "auto_explain.log_min_duration": "-1",
    "pg_stat_statements.track": "none",
    "track_activities": "off",
}


def _set(superuser: Connection, settings: dict[str, str]) -> None:
    known = {name for (name,) in superuser.execute("SELECT name FROM pg_settings").fetchall()}
    for name, value in settings.items():
        if name in known or name in PRELOADED:
            statement = sql.SQL("ALTER SYSTEM SET {} = {}").format(
                sql.SQL(".").join(map(sql.Identifier, name.split("."))),
                sql.SQL(value if "," in value else f"'{value}'"),
            )
            superuser.execute(statement)
