"""An embedding travels in binary, from whatever holds it."""

import struct
from array import array
from typing import Any

import numpy as np
import pytest

from tenantry import InvalidArgument
from tenantry._wire import Binary, encode_vector, vector_parameter


class HasToList:
    def to_list(self) -> list[float]:
        return [1.0, 2.5, -3.0]


class HasTolist:
    def tolist(self) -> list[float]:
        return [1.0, 2.5, -3.0]


@pytest.mark.parametrize(
    "vector",
    [
        [1, 2.5, -3],
        (1.0, 2.5, -3.0),
        range(1, 1) or [1.0, 2.5, -3.0],
        array("d", [1, 2.5, -3]),
        np.array([1, 2.5, -3]),
        np.array([1, 2.5, -3], dtype="float32"),
        np.array([1, 2.5, -3], dtype="float16"),
        np.array([0, 1, 9, 2.5, 9, -3])[1::2],
        HasToList(),
        HasTolist(),
        "[1,2.5,-3]",
        " [1, 2.5, -3.0] ",
    ],
    ids=lambda vector: type(vector).__name__,
)
def test_every_form_gives_the_same_bytes(vector: Any) -> None:
    assert encode_vector(vector) == struct.pack("!HH3f", 3, 0, 1.0, 2.5, -3.0)
    assert encode_vector(vector, "e") == struct.pack("!HH3e", 3, 0, 1.0, 2.5, -3.0)


@pytest.mark.parametrize(
    "vector",
    [
        None,
        1.0,
        b"\x01\x02",
        bytearray(b"\x01"),
        "[1,two]",
        "1,2,3]]",
        ["one"],
        [[1.0], [2.0]],
        np.zeros((2, 2)),
        np.array(1.0),
        [1e300],
        [0.0] * 70_000,
        object(),
    ],
    ids=lambda vector: f"{type(vector).__name__} {str(vector)[:10]}" if type(vector) is not object else "object",
)
def test_what_is_no_vector_is_refused(vector: Any) -> None:
    with pytest.raises(InvalidArgument) as caught:
        encode_vector(vector)
    assert caught.value.sqlstate == "22023"


def test_text_is_left_to_the_server() -> None:
    assert vector_parameter("[1,2,3]") == "[1,2,3]"
    parameter = vector_parameter([1.0])
    assert isinstance(parameter, Binary)
    assert parameter.data == struct.pack("!HHf", 1, 0, 1.0)
