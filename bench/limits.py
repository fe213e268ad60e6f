"""What limits cost: many clients of one tenant at once, with limits that are never reached and without.

Each variant has a tenant of its own. Clients are connections in threads, as many as wait for the server anyway.
"""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import numpy as np

from bench.pairing import Samples, alternate
from bench.report import Comparison, Experiment
from bench.server import Connection, Tenant, connect, create_tenants
from bench.sizes import Sizes

FREE = "no limit"
LIMITED = "a limit that is never reached"
PLAIN = "not metered"
METERED = "metered, no quota"
QUOTA = "metered, a quota that is never reached"

GOAL = 1 / 0.9
NEVER = 1_000_000_000

TABLE = """
CREATE TABLE {} (
    tenant_id uuid NOT NULL, id uuid NOT NULL DEFAULT gen_random_uuid(), model text, tokens int, body text,
    PRIMARY KEY (tenant_id, id)
)
"""
STORE = "INSERT INTO {} (model, tokens, body) VALUES ('model', 100, repeat('What is a tenant? ', 50))"


def measure(superuser: Connection, dba: Connection, sizes: Sizes, generator: np.random.Generator) -> list[Experiment]:
    """Measure requests, and rows stored one a request, in µs a request, of all clients together."""
    for table in ("limits_plain", "limits_tokens", "limits_storage"):
        dba.execute(TABLE.format(table))
        dba.execute(f"SELECT tenantry.protect('{table}')")
        dba.execute(f"GRANT SELECT, INSERT ON {table} TO tenantry_app")
    dba.execute("SELECT tenantry.meter_tokens('limits_tokens', 'tokens', 'model')")
    dba.execute("SELECT tenantry.meter_storage('limits_storage')")
    free, limited = create_tenants(dba, "limits", 2)
    dba.execute(
        "SELECT tenantry.set_rate_limit(key_id, %s) FROM tenantry.api_keys WHERE tenant_id = %s",
        [NEVER, limited.tenant_id],
    )
    dba.execute("SELECT tenantry.set_tenant_limits(%s, %s, %s, %s, %s)", [limited.tenant_id, *[NEVER] * 4])
    key_free = create_tenants(dba, "limits-key", 1)[0]
    quota = _other_key(dba, limited)

    with _clients(sizes.clients) as run:
        requests = alternate(
            {
                FREE: _block(run, key_free, None, sizes.requests),
                LIMITED: _block(run, limited, None, sizes.requests),
            },
            sizes.crowds,
            generator,
        )
        experiments = [
            Experiment.of(
                "rate-limit",
                f"Requests of {sizes.clients} clients of one key, each authenticate and COMMIT",
                "µs",
                requests,
                [Comparison("limited : not limited", requests.ratio(LIMITED, FREE), "×", GOAL)],
            )
        ]
        for name, table, what in (
            ("token-quota", "limits_tokens", "a prompt of 100 tokens"),
            ("storage-quota", "limits_storage", "a row"),
        ):
            samples = alternate(
                {
                    PLAIN: _block(run, free, STORE.format("limits_plain"), sizes.requests),
                    METERED: _block(run, free, STORE.format(table), sizes.requests),
                    QUOTA: _block(run, quota, STORE.format(table), sizes.requests),
                },
                sizes.crowds,
                generator,
            )
            experiments.append(_experiment(name, what, samples, sizes))
    superuser.execute("DROP TABLE limits_plain, limits_tokens, limits_storage")
    return experiments


def _experiment(name: str, what: str, samples: Samples, sizes: Sizes) -> Experiment:
    return Experiment.of(
        name,
        f"Requests of {sizes.clients} clients of one tenant, each authenticate, {what}, COMMIT",
        "µs",
        samples,
        [
            Comparison("quota : no quota", samples.ratio(QUOTA, METERED), "×", GOAL),
            Comparison("metered : not metered", samples.ratio(METERED, PLAIN), "×"),
            Comparison("quota : not metered", samples.ratio(QUOTA, PLAIN), "×"),
        ],
    )


def _other_key(dba: Connection, tenant: Tenant) -> Tenant:
    """Return the tenant with a key that has no rate limit."""
    row = dba.execute("SELECT api_key FROM tenantry.issue_api_key(%s, 'bench')", [tenant.tenant_id]).fetchone()
    assert row is not None
    return Tenant(tenant.tenant_id, row[0])


Request = Callable[[Connection], None]
Run = Callable[[Request, int], float]


@contextmanager
def _clients(count: int) -> Iterator[Run]:
    """Yield what lets every client make so many requests, and returns the seconds that they all took."""
    with ExitStack() as stack:
        connections = [stack.enter_context(connect("bench_app")) for _ in range(count)]
        threads = stack.enter_context(ThreadPoolExecutor(count))

        def run(request: Request, each: int) -> float:
            start = threading.Barrier(count + 1)

            def client(connection: Connection) -> None:
                start.wait()
                for _ in range(each):
                    request(connection)

            running = [threads.submit(client, connection) for connection in connections]
            start.wait()
            began = time.perf_counter()
            for each_client in running:
                each_client.result()
            return time.perf_counter() - began

        yield run


def _block(run: Run, tenant: Tenant, statement: str | None, each: int) -> Callable[[], float]:
    """Return a block: the µs that a request takes when all clients make theirs at once."""
    # One message a request, so that the clients' own work, which is the same for all, weighs less.
    text = f"BEGIN; SELECT tenantry.authenticate('{tenant.api_key}'); {statement or 'SELECT 1'}; COMMIT"

    def request(connection: Connection) -> None:
        connection.execute(text)

    def block() -> float:
        return run(request, each) / each * 1e6

    return block
