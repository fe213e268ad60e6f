"""Pools of the client under test."""

from collections.abc import AsyncIterator

import pytest

from tenantry import AsyncTenantPool
from tests.client.conftest import World


@pytest.fixture
async def pool(world: World) -> AsyncIterator[AsyncTenantPool]:
    """A pool with one connection, so that whoever borrows next gets the session that the last one left."""
    async with AsyncTenantPool(world.database.conninfo("app"), min_size=1, max_size=1, timeout=5) as opened:
        yield opened


@pytest.fixture
async def wide_pool(world: World) -> AsyncIterator[AsyncTenantPool]:
    """A pool with three connections."""
    async with AsyncTenantPool(world.database.conninfo("app"), min_size=3, max_size=3, timeout=5) as opened:
        await opened.wait()
        yield opened


@pytest.fixture
async def gateway_pool(world: World) -> AsyncIterator[AsyncTenantPool]:
    """A pool of a login that may enter any tenant."""
    async with AsyncTenantPool(world.database.conninfo("gateway"), min_size=1, max_size=1, timeout=5) as opened:
        yield opened
