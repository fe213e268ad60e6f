"""Paired measurement: variants take turns, and are compared block by block."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 2000


class Estimate(NamedTuple):
    """A median, and its 95 % interval by bootstrap over the blocks (percentile method)."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Samples:
    """One figure per variant and block; the n-th figures of all variants were taken side by side."""

    blocks: dict[str, NDArray[np.float64]]
    generator: np.random.Generator

    def median(self, variant: str) -> Estimate:
        return self._estimate(self.blocks[variant])

    def ratio(self, variant: str, to: str) -> Estimate:
        return self._estimate(self.blocks[variant] / self.blocks[to])

    def difference(self, variant: str, to: str) -> Estimate:
        return self._estimate(self.blocks[variant] - self.blocks[to])

    def _estimate(self, figures: NDArray[np.float64]) -> Estimate:
        chosen = self.generator.integers(0, len(figures), (RESAMPLES, len(figures)))
        low, high = np.percentile(np.median(figures[chosen], axis=1), [2.5, 97.5])
        return Estimate(float(np.median(figures)), float(low), float(high))


def alternate(variants: Mapping[str, Callable[[], float]], blocks: int, generator: np.random.Generator) -> Samples:
    """Call each variant once for warming up and then once a block, in an order drawn anew for each block.

    Args:
        variants: what runs a block and returns its figure.
        blocks: how often each variant runs.
        generator: draws the order, and later the resamples.
    """
    for run in variants.values():
        run()
    names = list(variants)
    figures: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(blocks):
        for index in generator.permutation(len(names)):
            figures[names[index]].append(variants[names[index]]())
    return Samples({name: np.array(taken) for name, taken in figures.items()}, generator)


def seconds(operation: Callable[[], Any]) -> float:
    """Return how many seconds an operation takes."""
    start = perf_counter()
    operation()
    return perf_counter() - start


def median_microseconds(operation: Callable[[], Any], repetitions: int) -> Callable[[], float]:
    """Return a block: the median latency of an operation in µs."""
    return lambda: median(seconds(operation) for _ in range(repetitions)) * 1e6
