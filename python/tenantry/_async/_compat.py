"""What differs between the two clients: the asynchronous side."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Sequence
from inspect import isawaitable
from typing import Any, TypeVar

from .._wire import Vector

T = TypeVar("T")

Rows = Iterable[Sequence[Any]] | AsyncIterable[Sequence[Any]]
Embed = Callable[[str], Vector | Awaitable[Vector]]


async def each(rows: Rows) -> AsyncIterator[Sequence[Any]]:
    """Iterate over rows of either kind."""
    if isinstance(rows, AsyncIterable):
        async for row in rows:
            yield row
    else:
        for row in rows:
            yield row


async def embed_text(embed: Embed, text: str) -> Vector:
    """Call `embed`, which may be a coroutine function."""
    embedding = embed(text)
    return await embedding if isawaitable(embedding) else embedding


async def uninterrupted(work: Callable[[T], Coroutine[Any, Any, None]], argument: T) -> None:
    """Finish `work(argument)` even when the task is cancelled meanwhile; the cancellation goes on afterwards."""
    task = asyncio.create_task(work(argument))
    cancelled = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled:
        raise cancelled
    task.result()
