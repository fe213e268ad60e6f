"""The command line: `tenantry <command>`, or `python -m tenantry <command>`.

A command is a module of this package with `add_parser(subparsers)`, which returns the parser that it adds, and
`run(arguments)`, which returns the exit status. Whatever a command raises that the user can mend is a `CommandError`;
the server's errors need no catching.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

import psycopg

from .. import __version__
from ..errors import translate
from . import doctor, pentest
from .shell import CommandError, Exit

_COMMANDS = (doctor, pentest)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command that `argv` names, by default the process's arguments, and return the exit status."""
    parser = argparse.ArgumentParser(prog="tenantry", description="Diagnose and attack the isolation of a database.")
    parser.add_argument("--version", action="version", version=f"tenantry {__version__}")
    subparsers = parser.add_subparsers(title="commands", metavar="command", required=True)
    for command in _COMMANDS:
        command.add_parser(subparsers).set_defaults(run=command.run)
    arguments = parser.parse_args(argv)
    try:
        status = int(arguments.run(arguments))
        sys.stdout.flush()
    except (CommandError, psycopg.Error) as error:
        reason = translate(error) if isinstance(error, psycopg.Error) else error
        print(f"tenantry: {str(reason).rstrip()}", file=sys.stderr)
        return Exit.FAILED
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError:
        # Whoever read has gone: what is still in the buffer has no reader either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.FAILED
    return status
