"""`tenantry doctor`: every known way in which isolation leaks, from `tenantry.doctor()`."""

from __future__ import annotations

import argparse

from .shell import Exit, Subparsers, add_connection_arguments, connect


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    """Add the command to the command line."""
    parser = subparsers.add_parser(
        "doctor",
        help="list every known way in which rows leak",
        description="List every known way in which rows of one tenant reach another, each with the SQL that mends it.",
    )
    add_connection_arguments(parser, "a member of tenantry_admin")
    return parser


def run(arguments: argparse.Namespace) -> int:
    """Diagnose the database and print the findings."""
    with connect(arguments.dsn) as connection:
        findings = connection.execute("SELECT code, severity, object, detail, remedy FROM tenantry.doctor()").fetchall()
    for code, severity, object_, detail, remedy in findings:
        print(f"{code} {severity}: {object_}: {detail}\n    {remedy}")
    return Exit.FOUND if findings else Exit.OK
