# Generated from tests/client/asynchronous/conftest.py by python/async_to_sync.py: edit that.
# fmt: off
# ruff: noqa
"""Pools of the client under test."""

from collections.abc import Iterator

import pytest

from tenantry import TenantPool
from tests.client.conftest import World


@pytest.fixture
def pool(world: World) -> Iterator[TenantPool]:
    """A pool with one connection, so that whoever borrows next gets the session that the last one left."""
    with TenantPool(world.database.conninfo("app"), min_size=1, max_size=1, timeout=5) as opened:
        yield opened


@pytest.fixture
def wide_pool(world: World) -> Iterator[TenantPool]:
    """A pool with three connections."""
    with TenantPool(world.database.conninfo("app"), min_size=3, max_size=3, timeout=5) as opened:
        opened.wait()
        yield opened


@pytest.fixture
def gateway_pool(world: World) -> Iterator[TenantPool]:
    """A pool of a login that may enter any tenant."""
    with TenantPool(world.database.conninfo("gateway"), min_size=1, max_size=1, timeout=5) as opened:
        yield opened
