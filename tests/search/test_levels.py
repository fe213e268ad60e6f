"""Permission levels of documents and chunks: who finds what, and that a chunk never exposes its document."""

import threading

import psycopg
import pytest

from tests.search.library import (
    LEVELS,
    ROLES,
    add_chunk,
    add_document,
    contents,
    refused,
    run,
    search,
    value,
    with_role,
)
from tests.support.database import Connection, Database
from tests.support.tenants import Tenant, as_tenant

EXPOSED = "23514"


@pytest.mark.parametrize("role", ROLES)
def test_a_role_finds_what_it_is_cleared_for(role: str, app: Connection, dba: Connection, acme: Tenant) -> None:
    with as_tenant(app, acme):  # an owner
        document = add_document(app)
        for ordinal, level in enumerate(LEVELS, 1):
            add_chunk(app, document, ordinal, (1, ordinal / 10, 0), level)
            add_document(app, level, level)
    expected = [f"chunk {n}" for n in range(1, ROLES[role] + 1)]
    with as_tenant(app, with_role(dba, acme, role)):
        assert contents(search(app, (1, 0, 0))) == expected
        assert contents(search(app, (1, 0, 0), k=1, max_distance=1.5, filter="{}")) == expected[:1]
        assert value(app, "SELECT array_agg(content ORDER BY ordinal) FROM chunks") == expected
        hidden = run(app, "UPDATE chunks SET metadata = '{}' WHERE permission_level = 'RESTRICTED'").rowcount
        assert hidden == (role == "owner")
        assert run(app, "SELECT FROM documents").rowcount == ROLES[role] + 1


def test_the_plan_of_a_cleared_caller_does_not_serve_the_next(app: Connection, dba: Connection, acme: Tenant) -> None:
    with as_tenant(app, acme):
        add_chunk(app, add_document(app), 1, (1, 0, 0), "RESTRICTED")
    member = with_role(dba, acme, "member")
    for _ in range(7):
        with as_tenant(app, acme):
            assert contents(search(app, (1, 0, 0))) == ["chunk 1"]
        with as_tenant(app, member):
            assert search(app, (1, 0, 0)) == []


@pytest.mark.parametrize("document_level", LEVELS)
@pytest.mark.parametrize("chunk_level", LEVELS)
def test_a_chunk_is_at_least_as_restricted_as_its_document(
    document_level: str, chunk_level: str, app: Connection, acme: Tenant
) -> None:
    fits = LEVELS.index(chunk_level) >= LEVELS.index(document_level)
    with as_tenant(app, acme):
        document = add_document(app, level=document_level)
        chunk = add_chunk(app, document, 1, (1, 0, 0), "RESTRICTED")
        if fits:
            add_chunk(app, document, 2, (1, 0, 0), chunk_level)
            run(app, "UPDATE chunks SET permission_level = %s WHERE id = %s", chunk_level, chunk)
        else:
            with refused(app, EXPOSED):
                add_chunk(app, document, 2, (1, 0, 0), chunk_level)
            with refused(app, EXPOSED):
                run(app, "UPDATE chunks SET permission_level = %s WHERE id = %s", chunk_level, chunk)
        # Moved to that document from one where it may stay.
        elsewhere = add_chunk(app, add_document(app), 3, (1, 0, 0), chunk_level)
        move = "UPDATE chunks SET document_id = %s WHERE id = %s"
        if fits:
            run(app, move, document, elsewhere)
        else:
            with refused(app, EXPOSED):
                run(app, move, document, elsewhere)
        assert value(app, "SELECT count(*) FROM chunks WHERE document_id = %s", document) == (3 if fits else 1)


def test_one_exposed_chunk_of_many_refuses_the_statement(app: Connection, acme: Tenant) -> None:
    insert = (
        "INSERT INTO chunks (document_id, ordinal, content, permission_level)"
        " SELECT %s, n, 'text', CASE n WHEN %s THEN 'PUBLIC' ELSE 'CONFIDENTIAL' END FROM generate_series(1, 200) AS n"
    )
    with as_tenant(app, acme):
        document = add_document(app, level="INTERNAL")
        with refused(app, EXPOSED):
            run(app, insert, document, 137)
        run(app, insert, document, 0)
        key = "(tenant_id, document_id, ordinal)"
        upsert = f"ON CONFLICT {key} DO UPDATE SET permission_level = excluded.permission_level"
        with refused(app, EXPOSED):
            run(app, f"{insert} {upsert}", document, 137)
        merge = (
            "MERGE INTO chunks AS c USING (VALUES (137)) AS v (n) ON c.document_id = %s AND c.ordinal = v.n"
            " WHEN MATCHED THEN UPDATE SET permission_level = 'PUBLIC'"
        )
        with refused(app, EXPOSED):
            run(app, merge, document)
        assert run(app, "SELECT FROM chunks WHERE permission_level = 'CONFIDENTIAL'").rowcount == 200


def test_a_document_out_of_reach_takes_no_chunk(app: Connection, dba: Connection, acme: Tenant) -> None:
    with as_tenant(app, acme):
        hidden, seen = add_document(app, level="CONFIDENTIAL"), add_document(app)
    with as_tenant(app, with_role(dba, acme, "member")):
        with refused(app, EXPOSED):
            add_chunk(app, hidden, 1, (1, 0, 0), "INTERNAL")
        chunk = add_chunk(app, seen, 1, (1, 0, 0), "INTERNAL")
        with refused(app, EXPOSED):
            run(app, "UPDATE chunks SET document_id = %s WHERE id = %s", hidden, chunk)
    with as_tenant(app, acme):
        assert value(app, "SELECT count(*) FROM chunks WHERE document_id = %s", hidden) == 0


def test_a_document_restricted_further_takes_its_chunks_along(app: Connection, dba: Connection, acme: Tenant) -> None:
    with as_tenant(app, acme):
        document, other = add_document(app), add_document(app)
        for ordinal, level in enumerate(LEVELS):
            add_chunk(app, document, ordinal, (1, 0, 0), level)
            add_chunk(app, other, ordinal, (1, 0, 0), level)
    levels = "SELECT array_agg(permission_level ORDER BY ordinal) FROM chunks WHERE document_id = %s"
    member = with_role(dba, acme, "member")
    with as_tenant(app, member):
        assert len(search(app, (1, 0, 0))) == 4
        run(app, "UPDATE documents SET title = 'renamed' WHERE id = %s", document)
        # Not above what the writer may see.
        with pytest.raises(psycopg.errors.InsufficientPrivilege), app.transaction():
            run(app, "UPDATE documents SET permission_level = 'CONFIDENTIAL' WHERE id = %s", document)
    with as_tenant(app, with_role(dba, acme, "manager")):
        run(app, "UPDATE documents SET permission_level = 'CONFIDENTIAL' WHERE id = %s", document)
    with as_tenant(app, member):
        assert len(search(app, (1, 0, 0))) == 2
    with as_tenant(app, acme):
        assert value(app, levels, document) == ["CONFIDENTIAL", "CONFIDENTIAL", "CONFIDENTIAL", "RESTRICTED"]
        assert value(app, levels, other) == list(LEVELS)
        run(app, "UPDATE documents SET permission_level = 'PUBLIC'")  # opens the document, not its chunks
        assert value(app, levels, document) == ["CONFIDENTIAL", "CONFIDENTIAL", "CONFIDENTIAL", "RESTRICTED"]


def test_a_level_that_there_is_not_is_refused(app: Connection, acme: Tenant) -> None:
    with as_tenant(app, acme):
        document = add_document(app)
        for level in ("SECRET", "public", ""):
            with pytest.raises(psycopg.Error) as refusal, app.transaction():
                add_document(app, level=level)
            assert refusal.value.sqlstate in {"23514", "42501"}
            with pytest.raises(psycopg.Error) as refusal, app.transaction():
                add_chunk(app, document, 1, (1, 0, 0), level)
            assert refusal.value.sqlstate in {"23514", "42501"}


@pytest.mark.parametrize("isolation", ["READ COMMITTED", "SERIALIZABLE"])
def test_a_chunk_cannot_slip_in_while_its_document_is_restricted(
    isolation: str, module_database: Database, app: Connection, acme: Tenant
) -> None:
    """The document's new level, not committed yet, makes the writer of a chunk wait, and counts for it."""
    with as_tenant(app, acme):
        document = add_document(app, level="INTERNAL")
    outcome: list[str | None] = []

    def write() -> None:
        with module_database.connect("app") as writer:
            try:
                with as_tenant(writer, acme):
                    run(writer, "SELECT set_config('lock_timeout', '10s', true)")
                    add_chunk(writer, document, 1, (1, 0, 0), "INTERNAL")
                outcome.append(None)
            except psycopg.Error as error:
                outcome.append(error.sqlstate)

    with app.transaction():
        run(app, f"SET TRANSACTION ISOLATION LEVEL {isolation}")
        run(app, "SELECT tenantry.authenticate(%s)", acme.api_key)
        run(app, "UPDATE documents SET permission_level = 'CONFIDENTIAL' WHERE id = %s", document)
        thread = threading.Thread(target=write)
        thread.start()
        thread.join(0.5)
        assert thread.is_alive(), "the writer did not wait"
    thread.join()
    assert outcome == [EXPOSED]


def test_a_document_cannot_be_restricted_past_a_chunk_under_way(
    module_database: Database, app: Connection, acme: Tenant
) -> None:
    with as_tenant(app, acme):
        document = add_document(app, level="INTERNAL")

    def restrict() -> None:
        with module_database.connect("app") as other, as_tenant(other, acme):
            run(other, "UPDATE documents SET permission_level = 'CONFIDENTIAL' WHERE id = %s", document)

    with as_tenant(app, acme):
        add_chunk(app, document, 1, (1, 0, 0), "INTERNAL")
        thread = threading.Thread(target=restrict)
        thread.start()
        thread.join(0.5)
        assert thread.is_alive(), "the other did not wait"
    thread.join()
    with as_tenant(app, acme):
        assert value(app, "SELECT permission_level FROM chunks WHERE document_id = %s", document) == "CONFIDENTIAL"


def test_a_level_does_not_change_under_a_snapshot_that_may_miss_chunks(
    app: Connection, module_database: Database, acme: Tenant
) -> None:
    with as_tenant(app, acme):
        document = add_document(app)
    raise_level = "UPDATE documents SET permission_level = 'RESTRICTED'"
    for isolation, sqlstate in (("REPEATABLE READ", "0A000"), ("SERIALIZABLE", None), ("READ COMMITTED", None)):
        with app.transaction(force_rollback=True):
            app.execute(f"SET TRANSACTION ISOLATION LEVEL {isolation}".encode())
            app.execute("SELECT tenantry.authenticate(%s)", [acme.api_key])
            run(app, "UPDATE documents SET title = 'renamed'")
            if sqlstate:
                with refused(app, sqlstate):
                    run(app, raise_level)
            else:
                assert run(app, raise_level).rowcount == 1
    other = module_database.connect("app")
    with as_tenant(app, acme), as_tenant(other, acme):
        # Two that load chunks of one document and then touch it do not wait for each other's chunks.
        add_chunk(app, document, 1, (1, 0, 0))
        add_chunk(other, document, 2, (1, 0, 0))
        run(app, "UPDATE documents SET metadata = '{\"loaded\": 1}'")
    with as_tenant(app, acme):
        assert run(app, "SELECT FROM chunks").rowcount == 2
