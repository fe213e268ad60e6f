"""A noisy server for all tests of this folder, with two tenants."""

from collections.abc import Iterator

import pytest

from tests.credentials.noisy import NoisyServer, noisy_server
from tests.support.cluster import Cluster


@pytest.fixture(scope="session")
def noisy(cluster: Cluster) -> Iterator[NoisyServer]:
    """`cluster` has seen that what is installed is what was built."""
    with noisy_server() as server:
        yield server
