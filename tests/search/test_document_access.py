"""Documents that say who reads them: chunks, lineage and the search follow."""

import itertools
from collections.abc import Iterator
from uuid import UUID

import psycopg
import pytest

from tests.search.library import add_chunk, add_document, contents, make_library, refused, run, search, value
from tests.support.database import Connection, Database
from tests.support.tenants import Tenant, as_tenant, create_tenant

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def dba(module_database: Database) -> Connection:
    dba = module_database.connect("dba")
    make_library(dba)
    dba.execute("SELECT tenantry.enable_document_access()")
    module_database.connect("postgres").execute(
        "GRANT SELECT, INSERT, UPDATE, DELETE ON documents, chunks, document_lineage TO tenantry_gateway"
    )
    return dba


@pytest.fixture
def acme(dba: Connection) -> Tenant:
    return create_tenant(dba, f"readers-{next(_numbers)}", "owner")


@pytest.fixture
def gateway(module_database: Database, dba: Connection) -> Iterator[Connection]:
    """A transaction that is rolled back at the end."""
    with module_database.connect("gateway") as gateway, gateway.transaction(force_rollback=True):
        yield gateway


def be(gateway: Connection, tenant: Tenant, user: str | None, role: str = "member") -> None:
    run(gateway, "SELECT tenantry.enter_tenant(%s, %s, %s)", tenant.tenant_id, user, role)


@pytest.fixture
def library(gateway: Connection, acme: Tenant) -> dict[str, UUID]:
    """Three documents of Ada's with two chunks each, told apart by ordinals; the second is made from the first."""
    be(gateway, acme, "ada")
    documents = {}
    for number, (title, readers) in enumerate(
        (("open", None), ("for bob", ["bob"]), ("for managers", ["role:manager"]))
    ):
        documents[title] = document = add_document(gateway, title)
        run(gateway, "UPDATE documents SET readers = %s WHERE id = %s", readers, document)
        for ordinal in (1, 2):
            add_chunk(gateway, document, 10 * number + ordinal, [1.0, float(number), float(ordinal)])
    run(
        gateway,
        "INSERT INTO document_lineage (document_id, parent_document_id, operation) VALUES (%s, %s, 'summary')",
        documents["for bob"],
        documents["open"],
    )
    return documents


REACH = [
    ("ada", "member", [1, 2, 11, 12, 21, 22]),
    ("bob", "member", [1, 2, 11, 12]),
    ("bob", "manager", [1, 2, 11, 12, 21, 22]),
    ("eve", "member", [1, 2]),
    ("eve", "owner", [1, 2]),
    (None, "owner", [1, 2]),
    (None, "manager", [1, 2, 21, 22]),
]


@pytest.mark.parametrize(("user", "role", "reached"), REACH)
def test_reach(
    gateway: Connection, acme: Tenant, library: dict[str, UUID], user: str | None, role: str, reached: list[int]
) -> None:
    be(gateway, acme, user, role)
    found = {f"chunk {ordinal}" for ordinal in reached}
    assert set(contents(search(gateway, [1, 1, 1], k=100))) == found
    assert set(contents(search(gateway, [1, 1, 1], k=100, filter="{}"))) == found
    assert {ordinal for (ordinal,) in run(gateway, "SELECT ordinal FROM chunks")} == set(reached)
    assert run(gateway, "SELECT FROM documents").rowcount == len(reached) / 2
    assert run(gateway, "SELECT FROM document_lineage").rowcount == (11 in reached)
    assert run(gateway, "UPDATE chunks SET content = 'x'").rowcount == len(reached)
    assert run(gateway, "DELETE FROM chunks").rowcount == len(reached)


def test_the_list_changes(gateway: Connection, acme: Tenant, library: dict[str, UUID]) -> None:
    """Chunks follow at once, stricter ones that the writer does not see as well."""
    be(gateway, acme, None, "owner")
    add_chunk(gateway, library["open"], 3, [1.0, 0.0, 3.0], "RESTRICTED")
    assert len(search(gateway, [1, 1, 1], k=100)) == 3
    be(gateway, acme, "ada")
    assert run(gateway, "UPDATE documents SET readers = '{bob}' WHERE title = 'open'").rowcount == 1
    be(gateway, acme, None, "owner")
    assert search(gateway, [1, 1, 1], k=100) == []
    be(gateway, acme, "bob", "owner")
    assert len(search(gateway, [1, 1, 1], k=100)) == 5
    be(gateway, acme, "ada")
    assert run(gateway, "UPDATE documents SET readers = NULL").rowcount == 3
    be(gateway, acme, "eve")
    assert len(search(gateway, [1, 1, 1], k=100)) == 6


def test_chunks_of_a_document_out_of_reach(gateway: Connection, acme: Tenant, library: dict[str, UUID]) -> None:
    be(gateway, acme, "eve")
    insert = "INSERT INTO chunks (document_id, ordinal, content) VALUES (%s, 9, 'planted')"
    with refused(gateway, "23514"):
        run(gateway, insert, library["for bob"])
    with pytest.raises(psycopg.errors.InsufficientPrivilege), gateway.transaction():
        run(gateway, f"{insert} RETURNING id", library["for bob"])
    with pytest.raises(psycopg.errors.InsufficientPrivilege), gateway.transaction():
        run(gateway, "UPDATE chunks SET document_id = %s, ordinal = 9 WHERE ordinal = 1", library["for bob"])
    be(gateway, acme, "bob")
    add_chunk(gateway, library["for bob"], 9, [1.0, 0.0, 0.0], "INTERNAL")
    run(gateway, "UPDATE chunks SET document_id = %s, ordinal = 8 WHERE ordinal = 1", library["for bob"])


def test_levels_go_on(gateway: Connection, acme: Tenant, library: dict[str, UUID]) -> None:
    """A list does not let anybody in above the clearance; and a document that is raised raises its chunks."""
    be(gateway, acme, "bob", "owner")
    assert run(gateway, "UPDATE documents SET permission_level = 'RESTRICTED' WHERE title = 'for bob'").rowcount == 1
    be(gateway, acme, "bob")
    assert len(search(gateway, [1, 1, 1], k=100)) == 2


def test_a_key_loads_for_a_role(app: Connection, acme: Tenant) -> None:
    """An application that loads documents by key names its role in the lists."""
    with as_tenant(app, acme):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), app.transaction():
            run(app, "INSERT INTO documents (title, readers) VALUES ('for bob', '{bob}')")
        document = value(
            app,
            "INSERT INTO documents (title, owned_by, readers) VALUES ('x', 'ada', '{bob, role:owner}') RETURNING id",
        )
        add_chunk(app, document, 1, [1.0, 0.0, 0.0], "INTERNAL")
        assert len(search(app, [1, 0, 0])) == 1


def test_many_documents_are_hashed_once(gateway: Connection, acme: Tenant, library: dict[str, UUID]) -> None:
    """A search asks for the documents once, not once a chunk; one chunk is looked up by its document's key."""
    be(gateway, acme, "ada")
    run(gateway, "INSERT INTO documents (title) SELECT i::text FROM generate_series(1, 50) AS i")
    run(
        gateway,
        "INSERT INTO chunks (document_id, ordinal, content)"
        " SELECT id, i, 'x' FROM documents, generate_series(101, 140) AS i",
    )
    plan = str(run(gateway, "EXPLAIN SELECT content FROM chunks ORDER BY embedding <=> '[1,0,0]' LIMIT 3").fetchall())
    assert "hashed SubPlan" in plan


@pytest.fixture
def app(module_database: Database, dba: Connection) -> Iterator[Connection]:
    with module_database.connect("app") as app:
        yield app


def test_disable(dba: Connection, superuser: Connection, acme: Tenant) -> None:
    with dba.transaction(force_rollback=True):
        for _ in range(2):
            dba.execute("SELECT tenantry.enable_document_access()")
        assert dba.execute("SELECT bool_and(is_whole) FROM tenantry.protected_tables").fetchone() == (True,)
        dba.execute("SELECT tenantry.disable_document_access()")
        assert dba.execute("SELECT bool_and(is_whole) FROM tenantry.protected_tables").fetchone() == (True,)
        left = "SELECT FROM pg_policy WHERE polname IN ('tenantry_readers', 'tenantry_row_owner', 'chunks_in_reach')"
        assert dba.execute(left).rowcount == 0
        with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState):
            dba.execute("SELECT tenantry.disable_document_access()")


def test_another_schema(superuser: Connection, dba: Connection) -> None:
    superuser.execute('CREATE SCHEMA "The library" AUTHORIZATION dba')
    with dba.transaction(force_rollback=True):
        with pytest.raises(psycopg.errors.UndefinedTable), dba.transaction():
            dba.execute("SELECT tenantry.enable_document_access('The library')")
        dba.execute("SELECT tenantry.create_ai_schema('The library', 3)")
        dba.execute("SELECT tenantry.enable_document_access('The library')")
        gaps = dba.execute("SELECT tenantry.protection_gaps('\"The library\".documents')").fetchone()
        assert gaps == ([],)
