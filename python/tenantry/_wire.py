"""Values that travel in PostgreSQL's binary format: vectors, and the arrays that carry a bulk load.

pgvector's types are sent without asking where the extension is installed: a parameter of unknown type takes the one
that the server infers, and binary `vector_recv` and `halfvec_recv` read the same layout wherever they live.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any, Protocol

from psycopg.adapt import Dumper
from psycopg.pq import Format

from .errors import InvalidArgument


class _HasToList(Protocol):
    def to_list(self) -> list[float]: ...


class _HasTolist(Protocol):
    def tolist(self) -> list[float]: ...


Vector = Sequence[float] | _HasToList | _HasTolist | str
"""An embedding: a sequence of numbers, an array (numpy, torch, ...), a value of the package pgvector, or pgvector's
text form `[1,2,3]`."""


class Binary:
    """A parameter that is in the binary format of its type already."""

    __slots__ = ("data",)

    def __init__(self, data: bytes):
        self.data = data


class BinaryDumper(Dumper):
    """Hands a `Binary` to libpq; its type is what the server infers."""

    format = Format.BINARY

    def dump(self, obj: Binary) -> bytes:
        return obj.data


def vector_parameter(vector: Vector) -> Binary | str:
    """Return `vector` as a parameter for a place where the server expects a `vector`."""
    return vector if isinstance(vector, str) else Binary(encode_vector(vector))


def encode_vector(vector: Any, item: str = "f") -> bytes:
    """Return a `vector` (item `f`, float4) or a `halfvec` (item `e`, float2) in binary.

    Raises `InvalidArgument` for what is not a one-dimensional array of numbers that fit the item.
    """
    if isinstance(vector, str):
        vector = vector.strip().removeprefix("[").removesuffix("]").split(",")
    try:
        if hasattr(vector, "astype") and hasattr(vector, "tobytes"):  # numpy: no detour through Python floats
            if vector.ndim != 1:
                raise TypeError
            count, data = len(vector), vector.astype(f">f{struct.calcsize(item)}").tobytes()
        else:
            numbers = list(map(float, _list(vector)))
            count, data = len(numbers), struct.pack(f"!{len(numbers)}{item}", *numbers)
        return struct.pack("!HH", count, 0) + bytes(data)
    except (TypeError, ValueError, OverflowError, struct.error):
        raise InvalidArgument("a vector is a one-dimensional array of numbers") from None


def _list(vector: Any) -> Any:
    for method in ("to_list", "tolist"):  # the package pgvector; torch, array.array and the like
        if hasattr(vector, method):
            return getattr(vector, method)()
    if isinstance(vector, (bytes, bytearray, memoryview)):
        raise TypeError
    return vector
