"""Paired measurement: variants take turns, and are compared block by block."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 2000

Figures = NDArray[np.float64]


class Estimate(NamedTuple):
    """A median, and its 95 % interval by bootstrap over the blocks (percentile method)."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Samples:
    """What each variant took in each block; the n-th blocks of all variants were run side by side.

    Attributes:
        blocks: the medians of the blocks.
        operations: what each operation took, by variant, block and operation.
    """

    blocks: dict[str, Figures]
    generator: np.random.Generator
    operations: dict[str, Figures] = field(default_factory=dict)

    def median(self, variant: str) -> Estimate:
        return self._estimate(self.blocks[variant])

    def ratio(self, variant: str, to: str) -> Estimate:
        return self._estimate(self.blocks[variant] / self.blocks[to])

    def difference(self, variant: str, to: str) -> Estimate:
        return self._estimate(self.blocks[variant] - self.blocks[to])

    def undisturbed(self) -> "Samples":
        """Return the same with the 5th percentile of each block: what is left when nobody else wants the machine."""
        return Samples(
            {name: np.percentile(taken, 5, axis=1) for name, taken in self.operations.items()}, self.generator
        )

    def _estimate(self, figures: Figures) -> Estimate:
        chosen = self.generator.integers(0, len(figures), (RESAMPLES, len(figures)))
        low, high = np.percentile(np.median(figures[chosen], axis=1), [2.5, 97.5])
        return Estimate(float(np.median(figures)), float(low), float(high))


def alternate(
    variants: Mapping[str, Callable[[], float | list[float]]], blocks: int, generator: np.random.Generator
) -> Samples:
    """Call each variant once for warming up and then once a block, in an order drawn anew for each block.

    Args:
        variants: what runs a block and returns its figure, or one for each of its operations.
        blocks: how often each variant runs.
        generator: draws the order, and later the resamples.
    """
    for run in variants.values():
        run()
    names = list(variants)
    taken: dict[str, list[Figures]] = {name: [] for name in names}
    for _ in range(blocks):
        for index in generator.permutation(len(names)):
            taken[names[index]].append(np.atleast_1d(variants[names[index]]()))
    operations = {name: np.array(figures) for name, figures in taken.items()}
    return Samples({name: np.median(each, axis=1) for name, each in operations.items()}, generator, operations)


def seconds(operation: Callable[[], Any]) -> float:
    """Return how many seconds an operation takes."""
    start = perf_counter()
    operation()
    return perf_counter() - start


def latencies(operation: Callable[[], Any], repetitions: int) -> Callable[[], list[float]]:
    """Return a block: the latencies of an operation in µs."""
    return lambda: [seconds(operation) * 1e6 for _ in range(repetitions)]
