"""The tables that create_ai_schema() makes: whole, protected, granted, and all or nothing."""

from collections.abc import Iterator

import psycopg
import pytest

from tests.search.library import add_document, contents, refused, run, search, value
from tests.support.database import Connection, Database
from tests.support.tenants import Tenant, as_tenant

TABLES = ("chunks", "document_lineage", "documents", "prompts")


@pytest.fixture
def workshop(superuser: Connection) -> Iterator[Connection]:
    """A transaction of the DBA's, rolled back, that has a schema "shop" and collects warnings."""
    with superuser.transaction() as work:
        run(superuser, "CREATE SCHEMA shop AUTHORIZATION dba")
        run(superuser, "SET LOCAL ROLE dba")
        yield superuser
        raise psycopg.Rollback(work)


def made(connection: Connection, schema: str) -> list[str]:
    query = "SELECT relname FROM pg_class WHERE relnamespace = %s::regnamespace AND relkind = 'r' ORDER BY 1"
    return [name for (name,) in run(connection, query, schema).fetchall()]


def test_the_tables_are_protected_as_a_whole_and_without_a_warning(workshop: Connection) -> None:
    notices: list[str | None] = []
    workshop.add_notice_handler(lambda notice: notices.append(notice.message_primary))
    run(workshop, "GRANT USAGE ON SCHEMA shop TO tenantry_app")
    run(workshop, "SELECT tenantry.create_ai_schema('shop')")
    assert made(workshop, "shop") == list(TABLES)
    assert notices == []
    protected = run(
        workshop,
        "SELECT table_name::text, tenant_column, permission_column, is_whole, gaps FROM tenantry.protected_tables"
        " WHERE table_name::text LIKE 'shop.%%' ORDER BY 1",
    ).fetchall()
    assert protected == [
        ("shop.chunks", "tenant_id", "permission_level", True, []),
        ("shop.document_lineage", "tenant_id", None, True, []),
        ("shop.documents", "tenant_id", "permission_level", True, []),
        ("shop.prompts", "tenant_id", None, True, []),
    ]
    for table in TABLES:
        granted = (
            "SELECT string_agg(privilege_type, ' ' ORDER BY privilege_type) FROM pg_class, aclexplode(relacl)"
            " WHERE oid = %s::regclass AND grantee = 'tenantry_app'::regrole"
        )
        assert value(workshop, granted, f"shop.{table}") == "DELETE INSERT SELECT UPDATE"
        assert value(
            workshop, "SELECT tableowner FROM pg_tables WHERE schemaname = 'shop' AND tablename = %s", table
        ) == ("dba")
    assert value(workshop, "SELECT table_name::text FROM tenantry.corpora WHERE dimensions = 1536") == "shop.chunks"


def test_the_columns_are_as_promised(workshop: Connection) -> None:
    run(workshop, "SELECT tenantry.create_ai_schema('shop', 7)")
    columns: dict[str, list[str]] = {}
    for table, column in run(
        workshop,
        "SELECT attrelid::regclass::text, attname || ' ' || format_type(atttypid, atttypmod)"
        " FROM pg_attribute WHERE attnum > 0 AND attrelid::regclass::text LIKE 'shop.%%'"
        " AND attrelid IN (SELECT oid FROM pg_class WHERE relkind = 'r') ORDER BY attrelid, attnum",
    ):
        columns.setdefault(table.removeprefix("shop."), []).append(column)
    key = ["tenant_id uuid", "id uuid", "created_at timestamp with time zone"]
    level = ["permission_level text", "metadata jsonb"]
    assert columns == {
        "prompts": [*key, "member text", "prompt_text text", "model text", "response text", "usage_tokens integer"],
        "documents": [*key, "title text", "source_uri text", *level],
        "chunks": [*key, "document_id uuid", "ordinal integer", *level, "content text", "embedding vector(7)"],
        "document_lineage": [*key, "document_id uuid", "parent_document_id uuid", "operation text"],
    }
    keys = "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'p'"
    assert {value(workshop, keys, f"shop.{table}") for table in TABLES} == {"PRIMARY KEY (tenant_id, id)"}


WRONG = {
    "no dimensions": ("'shop', 0", "22023"),
    "fewer than none": ("'shop', -3", "22023"),
    "more than the type holds": ("'shop', 16001", "22023"),
    "no number of dimensions": ("'shop', NULL", "22023"),
    "a schema that there is not": ("'nowhere'", "3F000"),
    "no schema": ("NULL", "3F000"),
    "the schema of the extension": ("'tenantry_private'", "42501"),
    "the catalog": ("'pg_catalog'", "42501"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_arguments_are_refused(name: str, workshop: Connection) -> None:
    arguments, sqlstate = WRONG[name]
    with pytest.raises(psycopg.Error) as refusal, workshop.transaction():
        run(workshop, f"SELECT tenantry.create_ai_schema({arguments})")
    assert refusal.value.sqlstate == sqlstate
    assert refusal.value.diag.message_hint is not None or sqlstate == "42501"
    assert made(workshop, "shop") == []


@pytest.mark.parametrize("table", TABLES)
def test_a_table_that_is_there_is_left_alone_and_none_is_made(table: str, workshop: Connection) -> None:
    run(workshop, f"CREATE TABLE shop.{table} (mine int)")
    corpora = "SELECT count(*) FROM tenantry.corpora"
    before = value(workshop, corpora)
    with refused(workshop, "42P07"):
        run(workshop, "SELECT tenantry.create_ai_schema('shop')")
    assert made(workshop, "shop") == [table]
    assert value(workshop, corpora) == before


def test_it_needs_the_right_to_create_and_to_administer(workshop: Connection, app: Connection) -> None:
    run(workshop, "RESET ROLE; CREATE SCHEMA foreign_shop; SET LOCAL ROLE dba")
    denied = psycopg.errors.InsufficientPrivilege
    with pytest.raises(denied, match="permission denied for schema"), workshop.transaction():
        run(workshop, "SELECT tenantry.create_ai_schema('foreign_shop')")
    with pytest.raises(denied, match="permission denied for function"):
        run(app, "SELECT tenantry.create_ai_schema('public')")


def test_a_schema_that_the_application_may_not_use_is_pointed_out(workshop: Connection) -> None:
    notices: list[tuple[str | None, str | None]] = []
    workshop.add_notice_handler(lambda notice: notices.append((notice.message_primary, notice.message_hint)))
    run(workshop, "SELECT tenantry.create_ai_schema('shop')")
    assert notices == [
        (
            'the application may not use schema "shop"',
            "As the schema's owner: GRANT USAGE ON SCHEMA shop TO tenantry_app;",
        )
    ]


@pytest.mark.parametrize("dimensions", [1, 128, 384, 512, 768, 1024, 1536, 1792, 1793, 2000, 3072, 16000])
def test_rows_of_any_dimension_fit(dimensions: int, workshop: Connection, acme: Tenant) -> None:
    run(workshop, "GRANT USAGE ON SCHEMA shop TO tenantry_app")
    run(workshop, "SELECT tenantry.create_ai_schema('shop', %s)", dimensions)
    run(workshop, "SET LOCAL ROLE app")
    run(workshop, "SELECT tenantry.authenticate(%s)", acme.api_key)
    run(workshop, "SET LOCAL search_path = shop, public")
    document = add_document(workshop, "x" * 300)
    # Whatever the size of the text, and the largest metadata that is not moved out of the row.
    for ordinal, length in enumerate((0, 30, 500, 1000, 1500, 3000, 20000)):
        run(
            workshop,
            "INSERT INTO chunks (document_id, ordinal, content, embedding, metadata)"
            " SELECT %s, %s, (SELECT string_agg(md5(n::text), '') FROM generate_series(0, %s / 32) AS n),"
            " array_fill(%s::real, ARRAY[%s])::vector, jsonb_build_object('n', repeat('y', %s))",
            document,
            ordinal,
            length,
            ordinal + 1,
            dimensions,
            min(length, 700),
        )
    hits = search(workshop, [1.0] * dimensions, corpus="shop.chunks")
    assert len(hits) == 7
    in_row = value(
        workshop, "SELECT attstorage FROM pg_attribute WHERE attrelid = 'chunks'::regclass AND attname = 'embedding'"
    )
    assert in_row == ("p" if dimensions <= 1792 else "e")


def test_two_schemas_side_by_side(
    superuser: Connection, app: Connection, dba: Connection, acme: Tenant, globex: Tenant
) -> None:
    run(superuser, 'CREATE SCHEMA "Second Shop" AUTHORIZATION dba')
    run(dba, 'GRANT USAGE ON SCHEMA "Second Shop" TO tenantry_app')
    run(dba, """SELECT tenantry.create_ai_schema('Second Shop', 2)""")
    for tenant in (acme, globex):
        with as_tenant(app, tenant):
            run(app, 'SET LOCAL search_path = "Second Shop"')
            document = add_document(app)
            run(
                app,
                "INSERT INTO chunks (document_id, ordinal, content, embedding)"
                " VALUES (%s, 1, %s, '[1, 1]'::public.vector)",
                document,
                f"second of {tenant.slug}",
            )
    with as_tenant(app, acme):
        document = add_document(app)
        run(
            app,
            "INSERT INTO chunks (document_id, ordinal, content, embedding) VALUES (%s, 1, 'first', '[1, 0, 0]')",
            document,
        )
        assert contents(search(app, (1, 0, 0), corpus="chunks")) == ["first"]
        assert contents(search(app, (1, 0), corpus='"Second Shop".chunks')) == [f"second of {acme.slug}"]
        with refused(app, "22023"):
            search(app, (1, 0, 0), corpus='"Second Shop".chunks')
    # Renamed schemas and tables are followed, by the register and by the triggers.
    run(superuser, 'ALTER SCHEMA "Second Shop" RENAME TO third')
    run(dba, "ALTER TABLE third.documents RENAME TO papers")
    run(dba, "ALTER TABLE third.chunks RENAME TO passages")
    with as_tenant(app, acme):
        assert contents(search(app, (1, 0), corpus="third.passages")) == [f"second of {acme.slug}"]
        run(app, "UPDATE third.papers SET permission_level = 'RESTRICTED'")
        assert value(app, "SELECT permission_level FROM third.passages") == "RESTRICTED"
        with refused(app, "23514"):
            run(app, "UPDATE third.passages SET permission_level = 'PUBLIC'")
    run(dba, "DROP TABLE third.prompts, third.document_lineage, third.passages, third.papers")
    run(superuser, "DROP SCHEMA third")


def test_foreign_keys_do_not_keep_a_plan_that_walks_through_the_tenant(module_database: Database, acme: Tenant) -> None:
    """While the tables are small, the key's own index is the one that the check of a foreign key takes."""
    with module_database.connect("postgres") as superuser, superuser.transaction() as trial:
        run(superuser, "SET LOCAL ROLE dba")
        run(superuser, "ANALYZE documents, chunks")
        for query, index in {
            "SELECT FROM documents WHERE tenant_id = $1 AND id = $2": "documents_tenant_id_id_pkey",
            "DELETE FROM chunks WHERE tenant_id = $1 AND document_id = $2": "chunks_tenant_id_document_id_ordinal_key",
        }.items():
            run(superuser, "RESET ROLE")
            run(superuser, "SET LOCAL enable_seqscan = off; SET LOCAL plan_cache_mode = force_generic_plan")
            run(superuser, f"PREPARE probe (uuid, uuid) AS {query}")
            nil = "'00000000-0000-0000-0000-000000000000'"
            plan = run(superuser, f"EXPLAIN EXECUTE probe ({nil}, {nil})").fetchall()
            run(superuser, "DEALLOCATE probe")
            assert index in str(plan)
        raise psycopg.Rollback(trial)
