"""A tenant's block costs two round trips beside its own statements."""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tenantry import TenantPool, TenantTransaction
from tests.client.conftest import World


def select(t: TenantTransaction) -> None:
    t.execute("SELECT count(*) FROM notes WHERE id > %s", [0])


def fail(t: TenantTransaction) -> None:
    raise ZeroDivisionError


def round_trips(world: World, tmp_path: Path, work: Callable[[TenantTransaction], None]) -> int:
    """Count how often libpq's trace turns from what the client sent to what the server did."""
    with TenantPool(world.database.conninfo("app"), min_size=1, max_size=1) as pool:
        with pool.connection() as connection:
            trace = os.open(tmp_path / "trace", os.O_CREAT | os.O_WRONLY)
            connection.pgconn.trace(trace)
        try:
            with pool.tenant(api_key=world.acme.api_key) as t:
                work(t)
        except ZeroDivisionError:
            pass
        with pool.connection() as connection:
            connection.pgconn.untrace()
        os.close(trace)
    directions = "".join(re.findall(r"\t([FB])\t", (tmp_path / "trace").read_text()))
    return len(re.findall("F+B", directions))


@pytest.mark.parametrize(("work", "expected"), [(lambda t: None, 2), (select, 3), (fail, 2)])
def test_round_trips(world: World, tmp_path: Path, work: Callable[[TenantTransaction], None], expected: int) -> None:
    assert round_trips(world, tmp_path, work) == expected
