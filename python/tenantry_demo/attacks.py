"""What a hostile tenant tries, and what PostgreSQL answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg

Row = tuple[Any, ...]
Connection = psycopg.Connection[Row]


@dataclass(frozen=True)
class Stage:
    """Where the attacks happen.

    Of the victim the attacker knows what can be known: its id, the id of a document, and a context that was good in a
    former transaction. `own_rows` is how many chunks the attacker may read.
    """

    attacker: UUID
    victim: UUID
    api_key: str
    stolen_context: str
    victims_document: UUID
    own_rows: int


@dataclass(frozen=True)
class Attack:
    """A statement that the application runs in the attacker's context.

    `expected` is a SQLSTATE that refuses it, or a function of its rows that says whether they are the attacker's own.
    """

    title: str
    statement: str
    expected: str | Callable[[list[Row]], bool]
    with_context: bool = True


@dataclass(frozen=True)
class Outcome:
    attack: Attack
    answer: str
    held: bool


def list_attacks(stage: Stage) -> Iterator[Attack]:
    """The attacks, in the order in which an intruder would get the ideas."""
    attacker, victim, document = stage.attacker, stage.victim, stage.victims_document
    key_of_both = stage.api_key.replace(str(attacker), str(victim))

    def only_own(rows: list[Row]) -> bool:
        return rows == [(stage.own_rows, 1)]

    def none(rows: list[Row]) -> bool:
        return rows in ([], [(0,)])

    yield Attack(
        "A forgotten WHERE", "SELECT count(*) AS rows, count(DISTINCT tenant_id) AS tenants FROM chunks", only_own
    )
    yield Attack("The other tenant by name", f"SELECT count(*) FROM chunks WHERE tenant_id = '{victim}'", none)
    yield Attack("No context at all", "SELECT count(*) FROM chunks", none, with_context=False)
    yield Attack(
        "A forged plain setting",
        f"SET LOCAL app.current_tenant_id = '{victim}'; SELECT count(*) FROM chunks WHERE tenant_id <> '{attacker}'",
        none,
    )
    yield Attack(
        "A context with the tenant exchanged",
        "SELECT set_config('tenantry.context', "
        f"replace(current_setting('tenantry.context'), '{attacker}', '{victim}'), true) IS NULL; "
        "SELECT count(*) FROM chunks",
        "42501",
    )
    yield Attack(
        "The victim's own context, replayed",
        f"SELECT set_config('tenantry.context', '{stage.stolen_context}', true) IS NULL; SELECT count(*) FROM chunks",
        "42501",
    )
    yield Attack(
        "The own key with the victim's id",
        f"SELECT tenantry.authenticate('{key_of_both}')",
        "28000",
        with_context=False,
    )
    yield Attack("Entering without a key", f"SELECT tenantry.enter_tenant('{victim}')", "42501")
    yield Attack("A partition, directly", f"SELECT count(*) FROM requests_2026 WHERE tenant_id <> '{attacker}'", none)
    yield Attack("The table of API keys", "SELECT key_hash FROM tenantry_private.api_keys", "42501")
    yield Attack("The signing keys", "SELECT inner_block FROM tenantry_private.signing_keys", "42501")
    yield Attack(
        "A row for the victim", f"INSERT INTO documents (tenant_id, title) VALUES ('{victim}', 'planted')", "42501"
    )
    yield Attack(
        "A chunk of the victim's document",
        f"INSERT INTO chunks (document_id, ordinal, content) VALUES ('{document}', 0, 'planted')",
        "23503",
    )
    yield Attack("A row moved to the victim", f"UPDATE documents SET tenant_id = '{victim}'", "42501")
    yield Attack("Deleting the victim's rows", f"DELETE FROM documents WHERE tenant_id = '{victim}' RETURNING id", none)
    yield Attack("TRUNCATE, which no policy binds", "TRUNCATE documents CASCADE", "42501")
    yield Attack("Row-level security off", "SET LOCAL row_security = off; SELECT count(*) FROM chunks", "42501")
    yield Attack("ALTER TABLE", "ALTER TABLE chunks DISABLE ROW LEVEL SECURITY", "42501")
    yield Attack("SET ROLE", "SET LOCAL ROLE tenantry_owner", "42501")
    yield Attack(
        "A temporary table, planted for the next tenant on this connection",
        "CREATE TEMPORARY TABLE chunks (content text); COMMIT; BEGIN; SELECT tenantry.authenticate($key)",
        "55000",
    )


def attempt(app: Connection, attack: Attack, stage: Stage) -> Outcome:
    """Run an attack in a transaction of its own and roll back."""
    try:
        app.execute("BEGIN")
        if attack.with_context:
            app.execute("SELECT FROM tenantry.authenticate(%s)", [stage.api_key])
        cursor = app.execute(attack.statement.replace("$key", f"'{stage.api_key}'").encode())
        while cursor.nextset():
            pass
        rows = cursor.fetchall() if cursor.description else []
        names = [column.name for column in cursor.description or ()]
        answer = "; ".join(", ".join(f"{n} {v}" for n, v in zip(names, row, strict=True)) for row in rows) or "no row"
        held = callable(attack.expected) and attack.expected(rows)
    except psycopg.Error as error:
        answer = f"ERROR {error.sqlstate}: {error.diag.message_primary}"
        held = error.sqlstate == attack.expected
    finally:
        app.execute("ROLLBACK")
        app.execute("DISCARD ALL")
    return Outcome(attack, answer, held)
