"""A search of a shared corpus: one ranking over own and shared rows, marked by who shares them, and nothing else."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.search.library import add_chunk, add_document, fill, refused, run, value, vector
from tests.support.database import Connection, Database
from tests.support.tenants import Tenant, as_tenant, create_tenant

PROVIDER = UUID(int=0)
QUESTION = (1, 0, 0)
HITS = "SELECT content, shared_by FROM tenantry.search(%s, %s, %s, p_filter => %s, p_max_distance => %s)"


@dataclass(frozen=True)
class Shelf:
    """acme has "own" chunks, globex shares "handbook" and keeps "secret" ones, the provider has "provided" ones."""

    database: Database
    dba: Connection
    app: Connection
    acme: Tenant
    globex: Tenant
    viewer: Tenant
    handbook: UUID

    def grant(self) -> None:
        run(self.dba, "SELECT tenantry.grant_shared(%s, 'chunks')", self.acme.tenant_id)

    def share(self) -> None:
        with as_tenant(self.app, self.globex):
            run(self.app, "SELECT tenantry.share_collection('chunks', 'handbook', %s)", self.acme.tenant_id)
        with as_tenant(self.app, self.acme):
            run(self.app, "SELECT tenantry.accept_collection(%s)", self.handbook)

    def unshare(self, connection: Connection) -> None:
        with as_tenant(connection, self.globex):
            run(connection, "SELECT tenantry.unshare_collection('chunks', 'handbook', %s)", self.acme.tenant_id)

    def found(self, tenant: Tenant, **options: object) -> list[tuple[str, UUID | None]]:
        with as_tenant(self.app, tenant):
            return hits(self.app, **options)


def hits(connection: Connection, **options: object) -> list[tuple[str, UUID | None]]:
    """Search in an open context; return contents and who shares them."""
    names = ("k", "corpus", "filter", "max_distance")
    values = [{"k": 10, **options}.get(name) for name in names]
    return run(connection, HITS, vector(QUESTION), *values).fetchall()


def add(
    connection: Connection, container: UUID | None, name: str, vectors: Sequence[Sequence[float]], level: str
) -> None:
    """Insert a document with chunks, into a container unless it is the tenant of the context."""
    columns = "document_id, ordinal, content, embedding, permission_level, metadata"
    values = "%s, %s, %s, %s, %s, %s"
    tenant = container or value(connection, "SELECT tenantry.current_tenant()")
    document = value(
        connection,
        "INSERT INTO documents (tenant_id, title, permission_level) VALUES (%s, %s, 'PUBLIC') RETURNING id",
        tenant,
        name,
    )
    for number, each in enumerate(vectors, 1):
        run(
            connection,
            f"INSERT INTO chunks (tenant_id, {columns}) VALUES (%s, {values})",
            *(tenant, document, number, f"{name} {number}", vector(each), level, f'{{"number": {number}}}'),
        )


@pytest.fixture(scope="module")
def built(module_database: Database) -> Shelf:
    dba, app = module_database.connect("dba"), module_database.connect("app")
    run(dba, "SELECT tenantry.create_ai_schema('public', 3, p_shared => true)")
    acme, globex = create_tenant(dba, "acme", "owner"), create_tenant(dba, "globex", "owner")
    ((key_id, key),) = run(dba, "SELECT * FROM tenantry.issue_api_key(%s, 'v', 'viewer')", acme.tenant_id).fetchall()
    with as_tenant(app, acme):
        add(app, None, "own", [(1, 0.1, 0), (1, 0.6, 0)], "PUBLIC")
    with as_tenant(app, globex):
        handbook = value(app, "SELECT tenantry.create_collection('handbook')")
        add(app, None, "secret", [(1, 0, 0), (1, 0.2, 0)], "PUBLIC")
        add(app, handbook, "handbook", [(1, 0.2, 0)], "PUBLIC")
        add(app, handbook, "restricted", [(1, 0.3, 0)], "RESTRICTED")
    with dba.transaction():
        run(dba, "SELECT tenantry.enter_shared()")
        add(dba, None, "provided", [(1, 0.4, 0)], "PUBLIC")
    return Shelf(module_database, dba, app, acme, globex, Tenant(acme.tenant_id, "acme", key_id, key), handbook)


@pytest.fixture
def shelf(built: Shelf) -> Iterator[Shelf]:
    yield built
    run(built.dba, "SELECT tenantry.forget_shares('chunks')")


OWN = [("own 1", None), ("own 2", None)]


def test_nothing_shared(shelf: Shelf) -> None:
    assert shelf.found(shelf.acme) == OWN
    secrets = [("secret 1", None), ("handbook 1", None), ("secret 2", None), ("restricted 1", None)]
    assert sorted(shelf.found(shelf.globex)) == sorted(secrets)


def test_one_ranking(shelf: Shelf) -> None:
    globex = shelf.globex.tenant_id
    shelf.grant()
    shelf.share()
    everything = [
        ("own 1", None),
        ("handbook 1", globex),
        ("restricted 1", globex),
        ("provided 1", PROVIDER),
        ("own 2", None),
    ]
    assert shelf.found(shelf.acme) == everything
    assert shelf.found(shelf.acme, k=3) == everything[:3]
    assert shelf.found(shelf.acme, filter='{"number": 2}') == everything[4:]
    assert shelf.found(shelf.acme, max_distance=0.05) == everything[:3]
    assert shelf.found(shelf.viewer) == [hit for hit in everything if hit[0] != "restricted 1"]
    shelf.unshare(shelf.app)
    assert shelf.found(shelf.acme) == [hit for hit in everything if hit[1] != globex]
    run(shelf.dba, "SELECT tenantry.revoke_shared(%s, 'chunks')", shelf.acme.tenant_id)
    assert shelf.found(shelf.acme) == OWN


def test_taken_back_within_a_transaction(shelf: Shelf) -> None:
    """The plan that is kept for the longer list of tenants finds nothing that the policy no longer lets through."""
    shelf.share()
    other = shelf.database.connect("app")
    with as_tenant(shelf.app, shelf.acme) as app:
        assert len(hits(app)) == 4
        shelf.unshare(other)
        assert hits(app) == OWN
        run(app, "DECLARE question CURSOR FOR SELECT '[1, 0, 0]'::vector")
        parked = value(
            app,
            "SELECT tenantry.run_search('question', 10, NULL, 'Infinity', ARRAY[%s, %s, %s]::uuid[], 'chunks',"
            " 'tenant_id', 'id', 'embedding', 'content', NULL, 'cosine')",
            *(shelf.acme.tenant_id, shelf.handbook, shelf.globex.tenant_id),
        )
        ((_, found, *_),) = run(app, f'FETCH "{parked}"').fetchall()
        assert found == ["own 1", "own 2"]


@pytest.mark.parametrize("isolation", ["REPEATABLE READ", "SERIALIZABLE"])
def test_older_snapshot(shelf: Shelf, isolation: str) -> None:
    shelf.share()
    other = shelf.database.connect("app")
    with shelf.app.transaction():
        run(shelf.app, f"SET TRANSACTION ISOLATION LEVEL {isolation}")
        run(shelf.app, "SELECT tenantry.authenticate(%s)", shelf.acme.api_key)
        assert len(hits(shelf.app)) == 4
        shelf.unshare(other)
        with refused(shelf.app, "40001"):
            hits(shelf.app)


def test_corpus_that_becomes_shared(shelf: Shelf) -> None:
    """Registered again, it is searched for shared rows too; before, for own ones."""
    dba, app, acme = shelf.dba, shelf.app, shelf.acme
    run(
        dba,
        "CREATE TABLE faces (tenant_id uuid, id int, name text, face vector(3));"
        "SELECT tenantry.protect('faces'); GRANT SELECT, INSERT ON faces TO tenantry_app;"
        "SELECT tenantry.register_corpus('faces', 'id', 'face', 'name');"
        "SELECT tenantry.protect('faces', p_shared => true)",
    )
    with dba.transaction():
        run(dba, "SELECT tenantry.enter_shared()")
        run(dba, "INSERT INTO faces (id, name, face) VALUES (1, 'provided', '[1, 0, 0]')")
        run(dba, "SELECT tenantry.grant_shared(%s, 'faces')", acme.tenant_id)
    with as_tenant(app, acme):
        run(app, "INSERT INTO faces (id, name, face) VALUES (1, 'own', '[1, 1, 0]')")
        assert hits(app, corpus="faces") == [("own", None)]
    run(dba, "SELECT tenantry.register_corpus('faces', 'id', 'face', 'name')")
    assert shelf.found(acme, corpus="faces") == [("provided", PROVIDER), ("own", None)]
    run(dba, "DROP TABLE faces; SELECT tenantry.register_corpus('chunks', 'id', 'embedding', 'content', 'metadata')")


def test_chunks_of_a_collection_keep_to_its_documents(shelf: Shelf) -> None:
    """No chunk in a collection for a document of the tenant's own, and the other way round; nor for the grantee."""
    shelf.share()
    with as_tenant(shelf.app, shelf.globex) as app:
        document = add_document(app)
        insert = "INSERT INTO chunks (tenant_id, document_id, ordinal, content) VALUES (%s, %s, 9, 'x')"
        with pytest.raises(psycopg.errors.ForeignKeyViolation), app.transaction():
            run(app, insert, shelf.handbook, document)
        published = value(app, "SELECT id FROM documents WHERE tenant_id = %s LIMIT 1", shelf.handbook)
        with pytest.raises(psycopg.errors.ForeignKeyViolation), app.transaction():
            run(app, insert, shelf.globex.tenant_id, published)
        run(app, "DELETE FROM documents WHERE id = %s", document)
    refusals = []
    for unknown in (published, uuid4()):
        with pytest.raises(psycopg.errors.ForeignKeyViolation) as refusal, as_tenant(shelf.app, shelf.acme) as app:
            add_chunk(app, unknown, 9, None)
        refusals.append((refusal.value.diag.message_primary, refusal.value.diag.message_detail))
    assert refusals[0] == refusals[1]


def test_levels_of_a_collection_follow_its_documents(shelf: Shelf) -> None:
    shelf.share()
    with shelf.app.transaction(force_rollback=True):
        app = shelf.app
        run(app, "SELECT tenantry.authenticate(%s)", shelf.globex.api_key)
        run(app, "UPDATE documents SET permission_level = 'CONFIDENTIAL' WHERE tenant_id = %s", shelf.handbook)
        levels = run(app, "SELECT DISTINCT permission_level FROM chunks WHERE tenant_id = %s", shelf.handbook)
        assert sorted(levels.fetchall()) == [("CONFIDENTIAL",), ("RESTRICTED",)]


def test_prompts_are_never_shared(shelf: Shelf) -> None:
    tables = run(shelf.dba, "SELECT table_name::text, is_shared FROM tenantry.protected_tables ORDER BY 1").fetchall()
    assert tables == [("chunks", True), ("document_lineage", True), ("documents", True), ("prompts", False)]


def test_corpora_are_not_shared_unless_asked_for(database: Database) -> None:
    dba, app = database.connect("dba"), database.connect("app")
    run(dba, "SELECT tenantry.create_ai_schema('public', 3)")
    acme = create_tenant(dba, "acme", "owner")
    fill(app, acme, (1, 0, 0))
    assert run(dba, "SELECT FROM tenantry.protected_tables WHERE is_shared").rowcount == 0
    with as_tenant(app, acme):
        assert hits(app) == [("chunk 1", None)]
