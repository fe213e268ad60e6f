"""The arena of the attacks; every test that uses it ends by looking at the victim's rows."""

from collections.abc import Iterator

import pytest

from tests.isolation.arena import VICTIM, Arena
from tests.support.database import Database


@pytest.fixture(scope="module")
def built_arena(module_database: Database) -> Arena:
    return Arena(module_database)


@pytest.fixture
def arena(built_arena: Arena) -> Iterator[Arena]:
    """An arena with the attacker's rows restored; afterwards not a byte of the victim's rows may have changed."""
    built_arena.restore()
    yield built_arena
    assert built_arena.rows_of_victim() == built_arena.untouched
    assert not [notice for notice in built_arena.notices if VICTIM in notice]
