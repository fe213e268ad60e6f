"""Which tables can be a corpus, and that registering one grants nothing."""

from collections.abc import Iterator

import psycopg
import pytest

from tests.search.library import contents, fill, refused, run, search, value
from tests.support.database import Connection
from tests.support.tenants import Tenant, as_tenant

COLUMNS = "tenant_id uuid, id bigint, body text, face vector(2), loose vector, data jsonb, flag json"


@pytest.fixture
def faces(dba: Connection) -> Iterator[str]:
    """A protected table of the DBA's own, with a name and columns that need quotes."""
    run(dba, f'CREATE TABLE "Faces" ({COLUMNS}, "Odd ""Name" varchar, PRIMARY KEY (tenant_id, id))')
    run(dba, """SELECT tenantry.protect('"Faces"')""")
    run(dba, 'GRANT SELECT, INSERT, UPDATE, DELETE ON "Faces" TO tenantry_app')
    yield '"Faces"'
    run(dba, 'DROP TABLE IF EXISTS "Faces"')
    run(dba, "SELECT tenantry.register_corpus('chunks', 'id', 'embedding', 'content', 'metadata')")


def register(dba: Connection, *arguments: object) -> None:
    run(dba, f"SELECT tenantry.register_corpus({', '.join(['%s'] * len(arguments))})", *arguments)


def test_any_protected_table_can_be_searched(
    faces: str, app: Connection, dba: Connection, acme: Tenant, globex: Tenant
) -> None:
    for tenant in (acme, globex):
        with as_tenant(app, tenant):
            run(
                app,
                'INSERT INTO "Faces" (id, "Odd ""Name", face, data) VALUES (10, \'near\', \'[0, 1]\', \'{"a": 1}\'),'
                " (9, %s, '[3, 4]', NULL)",
                tenant.slug,
            )
    register(dba, faces, "id", "face", 'Odd "Name', "data", "l2")
    with as_tenant(app, acme):
        assert search(app, (0, 0), corpus=faces) == [
            ("10", "near", 1, 0.5, {"a": 1}),
            ("9", acme.slug, 5, 1 / 6, None),
        ]
        assert contents(search(app, (0, 0), corpus=faces, filter='{"a": 1}')) == ["near"]
        assert search(app, (0, 0), corpus=faces, max_distance=0.5) == []
    register(dba, faces, "id", "face", "body")
    with as_tenant(app, acme):
        # The new registration is in force in a session that has searched by the old one.
        assert search(app, (0, 1), corpus=faces) == [
            ("10", None, 0, 1, None),
            ("9", None, pytest.approx(0.2), pytest.approx(0.8), None),
        ]
        with refused(app, "22023"):
            search(app, (0, 1), corpus=faces, filter='{"a": 1}')


@pytest.mark.parametrize("id_type", ["uuid", "bigint", "integer", "smallint", "text", "varchar(40)"])
def test_ids_of_every_kind(id_type: str, app: Connection, dba: Connection, acme: Tenant) -> None:
    run(dba, f"CREATE TABLE notes (tenant_id uuid, id {id_type}, body text, e vector(3), PRIMARY KEY (tenant_id, id))")
    run(dba, "SELECT tenantry.protect('notes')")
    run(dba, "GRANT SELECT, INSERT ON notes TO tenantry_app")
    register(dba, "notes", "id", "e", "body", None, "inner_product")
    first = "00000000-0000-0000-0000-000000000001" if id_type == "uuid" else "7"
    with as_tenant(app, acme):
        run(app, "INSERT INTO notes (id, body, e) VALUES (%s, 'note', '[1, 2, 3]')", first)
        assert search(app, (1, 1, 1), corpus="notes") == [(first, "note", -6, 6, None)]
    run(dba, "DROP TABLE notes")


WRONG = {
    "no table": ((None, "id", "face", "body"), "22023"),
    "no id": (("FACES", None, "face", "body"), "22023"),
    "no embedding": (("FACES", "id", None, "body"), "22023"),
    "no content": (("FACES", "id", "face", None), "22023"),
    "no metric": (("FACES", "id", "face", "body", None, None), "22023"),
    "a metric that there is not": (("FACES", "id", "face", "body", None, "manhattan"), "22023"),
    "an id column that there is not": (("FACES", "key", "face", "body"), "42703"),
    "a column of the system": (("FACES", "ctid", "face", "body"), "42703"),
    "an embedding column that there is not": (("FACES", "id", "vector", "body"), "42703"),
    "a content column that there is not": (("FACES", "id", "face", "text"), "42703"),
    "a metadata column that there is not": (("FACES", "id", "face", "body", "metadata"), "42703"),
    "an id of another type": (("FACES", "data", "face", "body"), "42804"),
    "an embedding of another type": (("FACES", "id", "body", "body"), "42804"),
    "an embedding without dimensions": (("FACES", "id", "loose", "body"), "42804"),
    "a content of another type": (("FACES", "id", "face", "id"), "42804"),
    "metadata of another type": (("FACES", "id", "face", "body", "flag"), "42804"),
    "a table that is not protected": (("plain", "id", "face", "body"), "55000"),
    "a view": (("faces_view", "id", "face", "body"), "55000"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_registrations_are_refused(name: str, faces: str, dba: Connection) -> None:
    arguments, sqlstate = WRONG[name]
    register(dba, faces, "id", "face", "body")
    before = run(dba, "SELECT * FROM tenantry.corpora ORDER BY table_name").fetchall()
    with dba.transaction() as wrong:
        run(dba, f"CREATE TABLE plain ({COLUMNS})")
        run(dba, f"CREATE VIEW faces_view WITH (security_invoker = true) AS SELECT * FROM {faces}")
        with refused(dba, sqlstate):
            register(dba, *(faces if argument == "FACES" else argument for argument in arguments))
        raise psycopg.Rollback(wrong)
    assert run(dba, "SELECT * FROM tenantry.corpora ORDER BY table_name").fetchall() == before


def test_a_table_with_a_gap_is_refused(faces: str, dba: Connection) -> None:
    run(dba, f"ALTER TABLE {faces} NO FORCE ROW LEVEL SECURITY")
    with refused(dba, "55000"):
        register(dba, faces, "id", "face", "body")
    run(dba, f"""SELECT tenantry.protect('{faces}')""")
    register(dba, faces, "id", "face", "body")


def test_registering_needs_no_ownership_and_grants_nothing(
    faces: str, superuser: Connection, app: Connection, dba: Connection, acme: Tenant
) -> None:
    run(dba, f"REVOKE ALL ON {faces} FROM tenantry_app")
    with superuser.transaction() as other_admin:
        run(superuser, "CREATE ROLE other_admin IN ROLE tenantry_admin")
        run(superuser, "SET LOCAL ROLE other_admin")
        register(superuser, faces, "id", "face", "body")
        with pytest.raises(psycopg.errors.InsufficientPrivilege), superuser.transaction():
            run(superuser, f"SELECT FROM {faces}")
        with pytest.raises(psycopg.errors.InsufficientPrivilege), superuser.transaction():
            run(superuser, "DELETE FROM tenantry.corpora")
        assert value(superuser, "SELECT count(*) FROM tenantry.corpora") == 2
        raise psycopg.Rollback(other_admin)
    register(dba, faces, "id", "face", "body")
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied"), as_tenant(app, acme):
        search(app, (0, 1), corpus=faces)


@pytest.mark.parametrize(
    "call", ["register_corpus('chunks', 'id', 'embedding', 'content')", "unregister_corpus('chunks')"]
)
def test_the_application_registers_nothing(call: str, app: Connection, gateway: Connection, dba: Connection) -> None:
    for login in (app, gateway):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            run(login, f"SELECT tenantry.{call}")
        assert value(login, "SELECT count(*) FROM tenantry.corpora") == 1
        for write in ("INSERT INTO tenantry.corpora DEFAULT VALUES", "UPDATE tenantry.corpora SET metric = 'l2'"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                run(login, write)
    run(dba, f"SELECT tenantry.{call}")
    run(dba, "SELECT tenantry.register_corpus('chunks', 'id', 'embedding', 'content', 'metadata')")


def test_the_only_corpus_need_not_be_named(faces: str, app: Connection, dba: Connection, acme: Tenant) -> None:
    fill(app, acme, (1, 0, 0))

    def found() -> list[str]:
        with as_tenant(app, acme):
            return contents(search(app, (1, 0, 0)))

    assert found() == ["chunk 1"]
    register(dba, faces, "id", "face", "body")
    with as_tenant(app, acme), refused(app, "22023"):
        search(app, (1, 0, 0))
    with as_tenant(app, acme):
        assert contents(search(app, (1, 0, 0), corpus="chunks")) == ["chunk 1"]
    # The entry of a table that has been dropped goes at the next registration.
    run(dba, f"DROP TABLE {faces}")
    with as_tenant(app, acme), refused(app, "22023"):
        search(app, (1, 0, 0))
    register(dba, "chunks", "id", "embedding", "content", "metadata")
    assert value(dba, "SELECT count(*) FROM tenantry.corpora") == 1
    assert found() == ["chunk 1"]


def test_a_dropped_table_can_be_unregistered(faces: str, app: Connection, dba: Connection, acme: Tenant) -> None:
    register(dba, faces, "id", "face", "body")
    number = value(dba, "SELECT %s::regclass::oid", faces)
    run(dba, f"DROP TABLE {faces}")
    with as_tenant(app, acme), refused(app, "55000"):
        search(app, (1, 0), corpus=str(number))
    run(dba, "SELECT tenantry.unregister_corpus(%s)", str(number))
    assert run(dba, "SELECT table_name::text FROM tenantry.corpora").fetchall() == [("chunks",)]


def test_without_a_corpus_there_is_nothing_to_search(app: Connection, dba: Connection, acme: Tenant) -> None:
    run(dba, "SELECT tenantry.unregister_corpus('chunks')")
    with refused(dba, "42704"):
        run(dba, "SELECT tenantry.unregister_corpus('chunks')")
    with as_tenant(app, acme):
        with refused(app, "55000"):
            search(app, (1, 0, 0))
        with refused(app, "42704"):
            search(app, (1, 0, 0), corpus="chunks")
    register(dba, "chunks", "id", "embedding", "content", "metadata")
    with as_tenant(app, acme):
        assert search(app, (1, 0, 0)) == []


CHANGES = {
    "a column renamed": "ALTER TABLE {} RENAME COLUMN body TO text",
    "the tenant's column renamed": "ALTER TABLE {} RENAME COLUMN tenant_id TO owner",
    "a column dropped": "ALTER TABLE {} DROP COLUMN data",
    "another type": "ALTER TABLE {} ALTER COLUMN face TYPE text",
    "no longer protected": "SELECT tenantry.unprotect('{}')",
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_corpus_that_changed_says_so(change: str, faces: str, app: Connection, dba: Connection, acme: Tenant) -> None:
    register(dba, faces, "id", "face", "body", "data")
    with as_tenant(app, acme):
        run(app, f"INSERT INTO {faces} (id, face) VALUES (1, '[0, 1]')")
    run(dba, CHANGES[change].format(faces))
    with as_tenant(app, acme), refused(app, "55000"):
        search(app, (0, 1), corpus=faces)


def test_the_owner_may_rename_the_table(faces: str, app: Connection, dba: Connection, acme: Tenant) -> None:
    register(dba, faces, "id", "face", "body")
    with as_tenant(app, acme):
        run(app, f"INSERT INTO {faces} (id, face, body) VALUES (1, '[0, 1]', 'old')")
        assert contents(search(app, (0, 1), corpus=faces)) == ["old"]
    run(dba, f"ALTER TABLE {faces} RENAME TO people")
    # Another table gets the old name; the register follows the table, and so do the plans of the session.
    run(dba, f"CREATE TABLE {faces} (LIKE people INCLUDING ALL)")
    run(dba, f"SELECT tenantry.protect('{faces}')")
    run(dba, f"GRANT SELECT, INSERT ON {faces} TO tenantry_app")
    with as_tenant(app, acme):
        run(app, f"INSERT INTO {faces} (id, face, body) VALUES (1, '[0, 1]', 'new')")
        assert contents(search(app, (0, 1), corpus="people")) == ["old"]
        with refused(app, "42704"):
            search(app, (0, 1), corpus=faces)
    register(dba, faces, "id", "face", "body")
    with as_tenant(app, acme):
        assert contents(search(app, (0, 1), corpus=faces)) == ["new"]
        assert contents(search(app, (0, 1), corpus="people")) == ["old"]
    run(dba, "DROP TABLE people")


def test_a_partitioned_table_is_searched_in_the_tenants_partition(
    app: Connection, dba: Connection, acme: Tenant, globex: Tenant
) -> None:
    run(
        dba,
        "CREATE TABLE parts (tenant_id uuid, id bigint, body text, e vector(3), PRIMARY KEY (tenant_id, id))"
        " PARTITION BY LIST (tenant_id)",
    )
    run(dba, f"CREATE TABLE part_acme PARTITION OF parts FOR VALUES IN ('{acme.tenant_id}')")
    run(dba, "CREATE TABLE part_rest PARTITION OF parts DEFAULT")
    run(dba, "SELECT tenantry.protect('parts')")
    run(dba, "GRANT SELECT, INSERT ON parts TO tenantry_app")
    register(dba, "parts", "id", "e", "body")
    for tenant in (acme, globex):
        with as_tenant(app, tenant):
            run(app, "INSERT INTO parts VALUES (DEFAULT, 1, %s, '[1, 0, 0]')", tenant.slug)
            assert contents(search(app, (1, 0, 0), corpus="parts")) == [tenant.slug]
    run(dba, "DROP TABLE parts")
