"""How much is measured."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Sizes:
    """The size of a run.

    Attributes:
        tenants, rows: how many tenants share the tables of the context experiment, and how many rows each has.
        blocks, repetitions: how many blocks each variant runs, and how many operations are a block.
        calls: how many calls of a function are a block, inside the server.
        chunks: the corpora that are searched, one tenant each.
        dimensions: of their vectors.
        loads, load_rows: how often, and how many rows, each variant loads.
        copied_rows: how many rows travel through the client in a load.
        clients, requests: how many clients of one tenant there are at once, and how many requests of each are a block.
        crowds: how many blocks of theirs each variant runs.
        managed: how many tables the guard watches.
        tables: how many tables the doctor examines.
    """

    tenants: int = 1000
    rows: int = 200
    blocks: int = 60
    repetitions: int = 60
    calls: int = 300
    chunks: tuple[int, ...] = (30, 300, 3_000, 20_000)
    dimensions: int = 384
    loads: int = 7
    load_rows: int = 100_000
    copied_rows: int = 20_000
    clients: int = 16
    requests: int = 40
    crowds: int = 25
    managed: int = 200
    tables: int = 2000


# Shows that everything runs; the figures mean nothing.
SMOKE = Sizes(
    tenants=50,
    rows=200,
    blocks=2,
    repetitions=2,
    calls=2,
    chunks=(30, 100),
    dimensions=8,
    loads=2,
    load_rows=100,
    copied_rows=100,
    clients=4,
    requests=2,
    crowds=2,
    managed=5,
    tables=20,
)
