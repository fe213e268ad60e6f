"""Objects planted where a name might be looked up: none is ever used."""

from collections.abc import Iterator
from uuid import UUID

import psycopg
import pytest

from tests.search.library import add_chunk, add_document, contents, fill, refused, run, search, value, with_role
from tests.support.database import Connection, Database
from tests.support.tenants import Tenant, as_tenant

# Every name that the search looks up, in a schema that the attacker may write and puts first.
PLANTED = """
CREATE TYPE evil.vector AS (x float8);
CREATE TYPE evil.regclass AS ENUM ('chunks');
CREATE TYPE evil.refcursor AS (x int);
CREATE TYPE evil.jsonb AS (x int);
CREATE TYPE evil.float8 AS ENUM ('0');
CREATE FUNCTION evil.boom() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE 'planted' USING ERRCODE = 'ZZ999'; END $$;
CREATE FUNCTION evil.trap(public.vector, public.vector) RETURNS float8 LANGUAGE sql AS 'SELECT evil.boom()';
CREATE OPERATOR evil.<=> (LEFTARG = public.vector, RIGHTARG = public.vector, FUNCTION = evil.trap);
CREATE FUNCTION evil.trap(uuid, uuid) RETURNS bool LANGUAGE sql AS 'SELECT evil.boom() = 1';
CREATE OPERATOR evil.= (LEFTARG = uuid, RIGHTARG = uuid, FUNCTION = evil.trap);
CREATE FUNCTION evil.trap(pg_catalog.float8, pg_catalog.float8) RETURNS bool LANGUAGE sql AS 'SELECT evil.boom() = 1';
CREATE OPERATOR evil.<= (LEFTARG = pg_catalog.float8, RIGHTARG = pg_catalog.float8, FUNCTION = evil.trap);
CREATE FUNCTION evil.trap(pg_catalog.float8, int) RETURNS pg_catalog.float8 LANGUAGE sql AS 'SELECT evil.boom()';
CREATE OPERATOR evil.+ (LEFTARG = pg_catalog.float8, RIGHTARG = int, FUNCTION = evil.trap);
CREATE FUNCTION evil.trap(pg_catalog.jsonb, pg_catalog.jsonb) RETURNS bool LANGUAGE sql AS 'SELECT evil.boom() = 1';
CREATE OPERATOR evil.@> (LEFTARG = pg_catalog.jsonb, RIGHTARG = pg_catalog.jsonb, FUNCTION = evil.trap);
CREATE FUNCTION evil.unnest(text[]) RETURNS SETOF text LANGUAGE sql AS 'SELECT evil.boom()::text';
CREATE FUNCTION evil.array_position(text[], text) RETURNS int LANGUAGE sql AS 'SELECT evil.boom()';
CREATE FUNCTION evil.format(text, pg_catalog.regclass) RETURNS text LANGUAGE sql AS 'SELECT evil.boom()::text';
CREATE FUNCTION evil.vector_dims(public.vector) RETURNS int LANGUAGE sql AS 'SELECT evil.boom()';
"""


@pytest.fixture
def planted(superuser: Connection, app: Connection) -> Iterator[Connection]:
    """The application's session with a search path of traps."""
    run(superuser, "CREATE SCHEMA evil; GRANT ALL ON SCHEMA evil TO app")
    for statement in PLANTED.strip().split(";\n"):
        run(app, statement)
    run(app, "SET search_path = evil, public, pg_catalog")
    yield app
    run(superuser, "DROP SCHEMA evil CASCADE")


def test_the_traps_are_real(planted: Connection) -> None:
    # Where the caller's search path does decide, they go off.
    for query in (
        "SELECT '[1]'::public.vector <=> '[1]'::public.vector",
        "SELECT gen_random_uuid() = gen_random_uuid()",
        "SELECT unnest(ARRAY['x'])",
    ):
        with pytest.raises(psycopg.Error) as caught:
            run(planted, query)
        assert caught.value.sqlstate == "ZZ999"


def test_a_search_path_of_traps_is_not_searched(planted: Connection, app: Connection, acme: Tenant) -> None:
    with as_tenant(planted, acme):
        document = add_document(planted)
        add_chunk(planted, document, 1, (1, 0, 0), "INTERNAL", {"a": 1})
        run(planted, "UPDATE documents SET permission_level = 'RESTRICTED'")
        with refused(planted, "23514"):
            run(planted, "UPDATE chunks SET permission_level = 'PUBLIC'")
        arguments = "'[1, 0, 0]'::public.vector, p_filter => '{\"a\": 1}', p_max_distance => 1"
        assert run(planted, f"SELECT content FROM tenantry.search({arguments})").fetchall() == [("chunk 1",)]


TEMPORARY = {
    "the corpus": "CREATE TEMP TABLE chunks ON COMMIT DROP AS SELECT * FROM public.chunks",
    "the register": "CREATE TEMP TABLE corpora ON COMMIT DROP AS SELECT * FROM tenantry.corpora",
    "a table of the catalog": "CREATE TEMP TABLE pg_class (oid oid, relrowsecurity bool) ON COMMIT DROP",
    "the documents": "CREATE TEMP TABLE documents ON COMMIT DROP AS SELECT * FROM public.documents",
    "the transition table": "CREATE TEMP TABLE new_rows ON COMMIT DROP AS SELECT * FROM public.chunks",
    "the type": "CREATE TYPE pg_temp.vector AS (x float8)",
    "the type of cursors": "CREATE DOMAIN pg_temp.refcursor AS text CHECK (false)",
    "an operator": """
        CREATE FUNCTION pg_temp.trap(vector, vector) RETURNS float8 LANGUAGE sql AS 'SELECT 1/0';
        CREATE OPERATOR pg_temp.<=> (LEFTARG = vector, RIGHTARG = vector, FUNCTION = pg_temp.trap)
    """,
    "the functions": """
        CREATE FUNCTION pg_temp.cosine_distance(vector, vector) RETURNS float8 LANGUAGE sql AS 'SELECT 1/0';
        CREATE FUNCTION pg_temp.parked_query(refcursor) RETURNS vector LANGUAGE sql AS 'SELECT NULL::vector'
    """,
}


@pytest.mark.parametrize("name", TEMPORARY)
@pytest.mark.parametrize("path", ["public", "pg_temp, public", "pg_temp, public, pg_catalog"])
def test_temporary_objects_are_not_taken_for_ours(
    name: str, path: str, app: Connection, dba: Connection, acme: Tenant, globex: Tenant
) -> None:
    fill(app, acme, (1, 0, 0))
    fill(app, globex, (1, 0, 0), (1, 0.1, 0))
    member = with_role(dba, acme, "member")
    try:
        with as_tenant(app, member):
            hidden: UUID = add_document(app, level="INTERNAL")
            for statement in TEMPORARY[name].split(";\n"):
                run(app, statement)
            run(app, f"SET LOCAL search_path = {path}")
            query = "SELECT content FROM tenantry.search('[1, 0, 0]'::public.vector, p_corpus => 'public.chunks')"
            assert run(app, query).fetchall() == [("chunk 1",)]
            assert run(app, query.replace(", p_corpus => 'public.chunks'", "")).fetchall() == [("chunk 1",)]
            insert = (
                "INSERT INTO public.chunks (document_id, ordinal, content, permission_level) VALUES (%s, 1, 'text', %s)"
            )
            with refused(app, "23514"):
                run(app, insert, hidden, "PUBLIC")
            run(app, insert, hidden, "INTERNAL")
    finally:
        run(app, "DISCARD ALL")
    with as_tenant(app, globex):
        assert contents(search(app, (1, 0, 0))) == ["chunk 1", "chunk 2"]


def test_a_temporary_table_is_no_corpus(app: Connection, acme: Tenant) -> None:
    fill(app, acme, (1, 0, 0))
    with as_tenant(app, acme):
        run(app, "CREATE TEMP TABLE chunks ON COMMIT DROP AS SELECT * FROM public.chunks")
        with refused(app, "42704"):
            search(app, (1, 0, 0), corpus="chunks")
        assert contents(search(app, (1, 0, 0), corpus="public.chunks")) == ["chunk 1"]
    run(app, "DISCARD ALL")


def test_a_statement_cannot_be_smuggled_in_by_a_name(
    module_database: Database, app: Connection, dba: Connection, acme: Tenant, globex: Tenant
) -> None:
    """Names end up in a statement as identifiers, whatever is in them."""
    fill(app, globex, (1, 0, 0))
    evil = """x" FROM chunks); SELECT 'y' -- $1"""
    quoted = '"' + evil.replace('"', '""') + '"'
    run(
        dba,
        f'CREATE TABLE {quoted} ({quoted} uuid, "id\'" text, "content\\" text, "e""" vector(3),'
        f' PRIMARY KEY ({quoted}, "id\'"))',
    )
    run(dba, "SELECT tenantry.protect(%s, %s)", quoted, evil)
    run(dba, f"GRANT SELECT, INSERT ON {quoted} TO tenantry_app")
    run(dba, "SELECT tenantry.register_corpus(%s, %s, %s, %s)", quoted, "id'", 'e"', "content\\")
    with as_tenant(app, acme):
        run(app, f'INSERT INTO {quoted} ("id\'", "content\\", "e""") VALUES (\'1\', \'mine\', \'[1, 0, 0]\')')
        assert contents(search(app, (1, 0, 0), corpus=quoted)) == ["mine"]
    with as_tenant(app, globex):
        assert search(app, (1, 0, 0), corpus=quoted) == []
    run(dba, f"DROP TABLE {quoted}")
    assert value(dba, "SELECT count(*) FROM tenantry.corpora WHERE metric = 'cosine'") >= 1
