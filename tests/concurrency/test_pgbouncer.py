"""Many tenants over few server connections, through PgBouncer in transaction mode.

Clients send requests of random tenants, good and bad ones, while somebody cancels queries at random. Every answer must
hold rows of the tenant that asked, and nothing else.
"""

import random
import threading
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import LiteralString, cast
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.pq import TransactionStatus

from tests.support.database import Connection, Database
from tests.support.pgbouncer import POOL_SIZE, PgBouncer

CLIENTS, TENANTS, REQUESTS = 12, 40, 20_400

INSUFFICIENT_PRIVILEGE, CANCELED, DIVISION_BY_ZERO = "42501", "57014", "22012"

ROWS = "SELECT DISTINCT tenant_id, pg_backend_pid() FROM documents"
WRITE = "INSERT INTO documents (body) VALUES ({tenant}) RETURNING tenant_id, pg_backend_pid()"
# What an attacker leaves in the connection for the next transaction there, and an attempt to use it.
PLANT = (
    "SELECT FROM set_config('my.token', current_setting('tenantry.context'), false);"
    "SELECT FROM set_config('tenantry.context', current_setting('my.token'), false)"
)
REPLAY = "SELECT FROM set_config('tenantry.context', coalesce(current_setting('my.token', true), ''), true)"

# Messages, what they answer, and how often they are sent of a hundred. They answer rows (True), none (False), or an
# SQLSTATE; where no context is opened, one that was planted may be found, and refused.
WORKLOAD: list[tuple[str, set[bool | str], int]] = [
    (f"BEGIN; {{authenticate}}; {ROWS}; COMMIT", {True}, 15),
    (f"BEGIN; RESET ALL; {{authenticate}}; {ROWS}; COMMIT", {True}, 10),
    (f"{{authenticate}}; {ROWS}", {True}, 15),
    (f"BEGIN; {{authenticate}}; {WRITE}; {ROWS}; COMMIT", {True}, 13),
    (f"BEGIN; {{authenticate}}; {WRITE}; {ROWS}; ROLLBACK", {True}, 5),
    (f"BEGIN; {{authenticate}}; {ROWS}; {PLANT}; COMMIT", {True}, 4),
    (
        f"BEGIN; {{authenticate}}; {ROWS}; COMMIT AND CHAIN; RESET tenantry.context; {WRITE}",
        {INSUFFICIENT_PRIVILEGE},
        3,
    ),
    (f"BEGIN; {{authenticate}}; {WRITE}; SELECT 1 / 0", {DIVISION_BY_ZERO}, 5),
    ("BEGIN; {authenticate}; SET LOCAL statement_timeout = 1; SELECT FROM pg_sleep(9)", {CANCELED}, 2),
    (f"BEGIN; {{authenticate}}; INSERT INTO documents VALUES ({{other}}); {ROWS}", {INSUFFICIENT_PRIVILEGE}, 4),
    (f"BEGIN; {{authenticate}}; UPDATE documents SET tenant_id = {{other}}; {ROWS}", {INSUFFICIENT_PRIVILEGE}, 4),
    (f"BEGIN; {ROWS}; COMMIT", {False, INSUFFICIENT_PRIVILEGE}, 5),
    (ROWS, {False, INSUFFICIENT_PRIVILEGE}, 5),
    (f"BEGIN; {REPLAY}; {ROWS}; COMMIT", {False, INSUFFICIENT_PRIVILEGE}, 5),
    (WRITE, {INSUFFICIENT_PRIVILEGE}, 5),
]
MESSAGES, ANSWERS, SHARES = zip(*WORKLOAD, strict=True)


class Load:
    """The clients, and what they have seen."""

    def __init__(self, bouncer: Database, keys: dict[UUID, str]) -> None:
        self.connections = [bouncer.connect("app", prepare_threshold=None) for _ in range(CLIENTS)]
        self.keys = keys
        self.answers: Counter[bool | str] = Counter()
        self.tenants_of_backend: defaultdict[int, set[UUID]] = defaultdict(set)
        self.done = threading.Event()

    def send(self, connection: Connection, message: str, tenant: UUID) -> bool | str:
        """Send a message and return its answer; rows must be the tenant's."""
        try:
            cursor = connection.execute(cast(LiteralString, message))
            found = False
            while True:
                for owner, backend in cursor.fetchall() if cursor.description and len(cursor.description) == 2 else []:
                    assert owner == tenant, f"{message} returned a row of another tenant"
                    self.tenants_of_backend[backend].add(tenant)
                    found = True
                if not cursor.nextset():
                    return found
        except psycopg.Error as error:
            return error.sqlstate or "the connection is lost"
        finally:
            while connection.info.transaction_status != TransactionStatus.IDLE:
                with suppress(psycopg.errors.QueryCanceled):
                    connection.execute("ROLLBACK")

    def client(self, connection: Connection, seed: int) -> None:
        chance = random.Random(seed)
        tenants = list(self.keys)
        for which in chance.choices(range(len(WORKLOAD)), SHARES, k=REQUESTS // CLIENTS):
            tenant, other = chance.sample(tenants, 2)
            message = sql.SQL(MESSAGES[which]).format(
                authenticate=sql.SQL("SELECT FROM tenantry.authenticate({})").format(self.keys[tenant]),
                tenant=sql.Literal(tenant),
                other=sql.Literal(other),
            )
            answer = self.send(connection, message.as_string(), tenant)
            assert answer in ANSWERS[which] | {CANCELED}, f"{MESSAGES[which]} answered {answer}"
            self.answers[answer] += 1

    def cancel_at_random(self) -> None:
        chance = random.Random(0)
        while not self.done.wait(0.003):
            chance.choice(self.connections).cancel()


def test_no_foreign_row(database: Database, pgbouncer: PgBouncer) -> None:
    dba, superuser = database.connect("dba"), database.connect("postgres")
    dba.execute("CREATE TABLE documents (tenant_id uuid, body uuid)")
    dba.execute("SELECT tenantry.protect('documents')")
    dba.execute("GRANT SELECT, INSERT, UPDATE ON documents TO app")
    keys = dict(
        dba.execute(
            "SELECT t, k.api_key FROM generate_series(1, %s) i, tenantry.create_tenant('tenant-' || i, 'Tenant') t,"
            " tenantry.issue_api_key(t, 'load') k",
            [TENANTS],
        ).fetchall()
    )
    superuser.execute("INSERT INTO documents SELECT tenant_id, tenant_id FROM tenantry.tenants")

    load = Load(pgbouncer.database(database), keys)
    with ThreadPoolExecutor(CLIENTS + 1) as threads:
        canceller = threads.submit(load.cancel_at_random)
        clients = [threads.submit(load.client, *numbered[::-1]) for numbered in enumerate(load.connections)]
        try:
            for client in clients:
                client.result()
        finally:
            load.done.set()
        canceller.result()

    assert load.answers.total() == REQUESTS
    assert all(
        load.answers[answer] > 100 for answer in (True, False, INSUFFICIENT_PRIVILEGE, DIVISION_BY_ZERO, CANCELED)
    )
    assert len(load.tenants_of_backend) <= POOL_SIZE
    assert all(len(tenants) == TENANTS for tenants in load.tenants_of_backend.values()), "connections were not shared"
    strays = superuser.execute("SELECT count(*) FILTER (WHERE body <> tenant_id), count(*) FROM documents").fetchone()
    assert strays is not None
    assert strays[0] == 0
    assert strays[1] > REQUESTS / 20
