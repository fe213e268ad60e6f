"""What the functions of the context cost inside the server, without a client in between.

Each call has a transaction of its own, as it has in life: PL/pgSQL sets its expressions up once a transaction, so a
loop inside one transaction shows half the price. A loop that does nothing is subtracted.
"""

from collections.abc import Callable
from functools import partial

import numpy as np
from psycopg import sql

from bench.pairing import Samples, alternate, seconds
from bench.report import Experiment
from bench.server import Connection, Tenant, connect
from bench.sizes import Sizes

NOTHING = "nothing"
SETTING = "set_config, the plain pattern"
AUTHENTICATE = "authenticate"
CROWDED = "authenticate, with 100 prepared statements"
NOTING = "authenticate, noting the use of the key"
VERIFY = "current_tenant, once a statement"
VERIFY_AGAIN = "current_tenant, again in the same transaction"
ENTER = "enter_tenant"

LOOP = """
DO $do$
DECLARE
    v_key CONSTANT text := {key};
    v_keys CONSTANT text[] := {noted};
    v_tenant CONSTANT uuid := {tenant};
BEGIN
    FOR i IN 1..{calls} LOOP
        {body}
        COMMIT;
    END LOOP;
END
$do$
"""
OPEN = "PERFORM tenantry.authenticate(v_key);"
CHECK = "PERFORM tenantry.current_tenant();"
BODIES = {
    NOTHING: "PERFORM v_key;",
    SETTING: "PERFORM set_config('app.current_tenant_id', v_tenant::text, true);",
    AUTHENTICATE: OPEN,
    CROWDED: OPEN,
    NOTING: "PERFORM tenantry.authenticate(v_keys[i]);",
    VERIFY: OPEN + CHECK,
    VERIFY_AGAIN: OPEN + CHECK + CHECK,
    ENTER: "PERFORM tenantry.enter_tenant(v_tenant);",
}
LESS = {VERIFY: AUTHENTICATE, VERIFY_AGAIN: VERIFY}

# Makes the next use of some keys one that is noted: a write, and a COMMIT that waits for the disk.
FORGET = """
UPDATE tenantry_private.api_key_uses AS u SET last_used_at = NULL
FROM tenantry_private.api_keys AS k WHERE k.key_id = u.key_id AND k.tenant_id = ANY (%s)
"""
NOTED_KEYS = 10


def measure(superuser: Connection, tenants: list[Tenant], sizes: Sizes, generator: np.random.Generator) -> Experiment:
    """Measure the calls in µs of the server's time."""
    tenant, *noted = tenants[: NOTED_KEYS + 1]
    with connect("bench_app") as app, connect("bench_app") as crowded, connect("bench_gateway") as gateway:
        for number in range(100):
            crowded.execute(f"SELECT {number} + %s", [1], prepare=True)
        connections = dict.fromkeys(BODIES, app) | {CROWDED: crowded, ENTER: gateway}

        def block(name: str) -> Callable[[], float]:
            calls = len(noted) if name == NOTING else sizes.calls
            loop = sql.SQL(LOOP).format(
                key=tenant.api_key,
                noted=[each.api_key for each in noted],
                tenant=str(tenant.tenant_id),
                calls=calls,
                body=sql.SQL(BODIES[name]),
            )

            def run() -> float:
                if name == NOTING:
                    superuser.execute(FORGET, [[each.tenant_id for each in noted]])
                return seconds(partial(connections[name].execute, loop)) / calls * 1e6

            return run

        samples = alternate({name: block(name) for name in BODIES}, sizes.blocks, generator)
    net = {name: samples.blocks[name] - samples.blocks[LESS.get(name, NOTHING)] for name in BODIES if name != NOTHING}
    return Experiment.of(
        "calls", "Calls inside the server, each in a transaction of its own", "µs", Samples(net, generator), []
    )
