"""What the commands have in common: exit statuses, errors, the connection."""

from __future__ import annotations

import argparse
import enum
import os
from typing import TYPE_CHECKING, Any, TypeAlias

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

if TYPE_CHECKING:
    Subparsers: TypeAlias = argparse._SubParsersAction[argparse.ArgumentParser]
else:
    Subparsers: TypeAlias = Any

Connection = psycopg.Connection[tuple[Any, ...]]


class Exit(enum.IntEnum):
    """Exit statuses, the same for every command."""

    OK = 0
    FOUND = 1
    """The command did its work, and what it found is reason to stop."""
    USAGE = 2
    """The command line is wrong; argparse's own."""
    FAILED = 3
    """The command could not do its work: nothing is known."""
    INTERRUPTED = 130


class CommandError(Exception):
    """A failure that the user can mend: the message says how. No traceback is shown."""


def add_connection_arguments(parser: argparse.ArgumentParser, role: str) -> None:
    """Add `--dsn` to a parser.

    Args:
        parser: the command's parser.
        role: as whom to connect, for the help: "a member of tenantry_admin".
    """
    parser.add_argument(
        "--dsn",
        default=os.environ.get("TENANTRY_DSN", ""),
        help=f"connection string or URL, as {role}; what it leaves out comes from the environment (PGHOST, PGDATABASE,"
        " PGPASSFILE …). Default: $TENANTRY_DSN. Other users of the machine can read a command line: keep the"
        " password in the environment or in a password file",
    )


def connect(dsn: str) -> Connection:
    """Connect in autocommit mode.

    Args:
        dsn: connection string or URL; what it leaves out comes from libpq's environment.

    Raises:
        CommandError: `dsn` is no connection string, or the server cannot be reached.
    """
    try:
        given: dict[str, Any] = dict(conninfo_to_dict(dsn))
    except psycopg.ProgrammingError:
        # libpq's message quotes the text, and with it perhaps a password.
        raise CommandError("the connection string is neither key=value words nor a postgresql:// URL") from None
    try:
        return psycopg.connect(make_conninfo(**{"fallback_application_name": "tenantry", **given}), autocommit=True)
    except psycopg.OperationalError as error:
        raise CommandError(f"no connection: {error}") from None
