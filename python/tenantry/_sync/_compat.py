"""What differs between the two clients: the synchronous side."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from .._wire import Vector

T = TypeVar("T")

Rows = Iterable[Sequence[Any]]
Embed = Callable[[str], Vector]


def each(rows: Rows) -> Rows:
    return rows


def embed_text(embed: Embed, text: str) -> Vector:
    return embed(text)


def uninterrupted(work: Callable[[T], None], argument: T) -> None:
    """Nothing cancels a thread."""
    work(argument)
