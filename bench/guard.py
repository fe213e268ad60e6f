"""What DDL costs in a managed schema, by the guard's mode, and in a database without the extension."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bench.pairing import alternate, seconds
from bench.report import Comparison, Experiment
from bench.server import Connection, bare_database
from bench.sizes import Sizes

BARE = "no extension"
OFF = "guard off"
WARN = "guard warns"
ENFORCE = "guard enforces"
MODES = {OFF: "off", WARN: "warn", ENFORCE: "enforce"}

REPETITIONS = 5

TABLES = """
DO $do$
BEGIN
    SET LOCAL client_min_messages = error;
    FOR i IN 1..{tables} LOOP
        EXECUTE format('CREATE TABLE guarded.t%s (tenant_id uuid, id uuid, body text)', i);
        EXECUTE format('CREATE INDEX ON guarded.t%s (tenant_id)', i);
        {protect}
    END LOOP;
END
$do$
"""
PROTECT = "PERFORM tenantry.protect(format('guarded.t%s', i)::regclass);"


@dataclass(frozen=True)
class Command:
    """A command that is measured, between one that makes it possible and one that makes it possible again."""

    name: str
    title: str
    statement: str
    prepare: str = "SELECT"
    undo: str = "SELECT"
    in_bare: bool = True


COMMANDS = (
    Command(
        "guard-add-column",
        "ALTER TABLE … ADD COLUMN",
        "ALTER TABLE guarded.t1 ADD COLUMN more text",
        undo="ALTER TABLE guarded.t1 DROP COLUMN more",
    ),
    Command(
        "guard-create-index",
        "CREATE INDEX",
        "CREATE INDEX more ON guarded.t1 (tenant_id, body)",
        undo="DROP INDEX guarded.more",
    ),
    Command(
        "guard-drop-index",
        "DROP INDEX",
        "DROP INDEX guarded.more",
        prepare="CREATE INDEX more ON guarded.t1 (tenant_id, body)",
    ),
    Command("guard-grant", "GRANT", "GRANT SELECT ON guarded.t1 TO bench_app"),
    Command(
        "guard-protect",
        "CREATE TABLE and protect",
        "BEGIN; CREATE TABLE guarded.more (tenant_id uuid); SELECT tenantry.protect('guarded.more'); COMMIT",
        undo="DROP TABLE guarded.more",
        in_bare=False,
    ),
    Command(
        "guard-temporary",
        "CREATE TEMP TABLE",
        "CREATE TEMP TABLE more (id int)",
        undo="DROP TABLE pg_temp.more",
    ),
)


def measure(superuser: Connection, dba: Connection, sizes: Sizes, generator: np.random.Generator) -> list[Experiment]:
    """Measure each command in ms, in a schema of protected tables. Leaves nothing."""
    with bare_database() as bare:
        bare.execute("CREATE SCHEMA guarded AUTHORIZATION bench_dba")
        bare.execute("SET ROLE bench_dba")
        bare.execute(TABLES.format(tables=sizes.managed, protect="").encode())
        superuser.execute("CREATE SCHEMA guarded AUTHORIZATION bench_dba")
        dba.execute(TABLES.format(tables=sizes.managed, protect=PROTECT).encode())
        dba.execute("SELECT tenantry.manage_schema('guarded')")
        for connection in (bare, superuser):
            connection.execute("VACUUM ANALYZE")

        experiments = [_measure(command, bare, dba, sizes, generator) for command in COMMANDS]

    dba.execute("SELECT tenantry.set_guard('off'), tenantry.unmanage_schema('guarded')")
    superuser.execute("SET client_min_messages = error; DROP SCHEMA guarded CASCADE; RESET client_min_messages")
    return experiments


def _measure(
    command: Command, bare: Connection, dba: Connection, sizes: Sizes, generator: np.random.Generator
) -> Experiment:
    variants = {BARE: _block(command, bare)} if command.in_bare else {}
    variants |= {variant: _block(command, dba, mode) for variant, mode in MODES.items()}
    samples = alternate(variants, sizes.crowds, generator)
    return Experiment.of(
        command.name,
        f"{command.title}, where {sizes.managed:,} protected tables are managed",
        "ms",
        samples,
        [
            *([Comparison("off : no extension", samples.ratio(OFF, BARE), "×")] if command.in_bare else []),
            Comparison("warn : off", samples.ratio(WARN, OFF), "×"),
            Comparison("enforce : off", samples.ratio(ENFORCE, OFF), "×"),
        ],
    )


def _block(command: Command, connection: Connection, mode: str | None = None) -> Callable[[], list[float]]:
    """Return a block: what each of some runs of a command takes, in ms."""

    def once() -> float:
        connection.execute(command.prepare.encode())
        taken = seconds(lambda: connection.execute(command.statement.encode()))
        connection.execute(command.undo.encode())
        return taken * 1e3

    def block() -> list[float]:
        if mode is not None:
            connection.execute("SELECT tenantry.set_guard(%s)", [mode])
        return [once() for _ in range(REPETITIONS)]

    return block
