"""pgvector may live in any schema, and may be moved to another."""

import psycopg
import pytest

from tests.search.library import contents, run, value
from tests.support.database import Connection, Database
from tests.support.tenants import Tenant, as_tenant

OURS = "SELECT count(*) FROM pg_depend AS d WHERE d.refobjid = (SELECT oid FROM pg_extension WHERE extname = %s)"


@pytest.fixture
def superuser(database: Database) -> Connection:
    return database.connect("postgres")


@pytest.fixture
def dba(database: Database) -> Connection:
    return database.connect("dba")


@pytest.fixture
def app(database: Database) -> Connection:
    return database.connect("app")


def ask(app: Connection, tenant: Tenant, schema: str) -> list[str]:
    with as_tenant(app, tenant):
        query = f"SELECT * FROM tenantry.search('[1, 0]'::{schema}.vector, p_corpus => 'public.chunks')"
        return contents(run(app, query).fetchall())


def load(app: Connection, tenant: Tenant, schema: str) -> None:
    with as_tenant(app, tenant):
        run(
            app,
            "WITH d AS (INSERT INTO public.documents (title) VALUES ('a') RETURNING id)"
            " INSERT INTO public.chunks (document_id, ordinal, content, embedding)"
            f" SELECT id, 1, %s, '[1, 1]'::{schema}.vector FROM d",
            tenant.slug,
        )


@pytest.fixture
def vectors(superuser: Connection) -> str:
    """Both extensions made again, with pgvector in a schema of its own."""
    run(superuser, "DROP EXTENSION tenantry_search; DROP EXTENSION vector")
    run(superuser, 'CREATE SCHEMA "Vec tors"; GRANT USAGE ON SCHEMA "Vec tors" TO PUBLIC')
    # Would be found first, were the search path of the caller or of the server's administrator asked.
    run(superuser, "CREATE TYPE public.vector AS (x int)")
    run(superuser, 'CREATE EXTENSION vector SCHEMA "Vec tors"')
    run(superuser, "SET search_path = public")
    run(superuser, "CREATE EXTENSION tenantry_search")
    return '"Vec tors"'


def test_pgvector_in_a_schema_of_its_own(
    vectors: str, dba: Connection, app: Connection, two_tenants: tuple[Tenant, Tenant]
) -> None:
    run(dba, "SELECT tenantry.create_ai_schema('public', 2)")
    assert value(dba, "SELECT tenantry.vector_type()::text") == f"{vectors}.vector"
    assert value(dba, "SELECT tenantry.cosine_distance('[1, 0]', '[0, 1]')") == 1
    for tenant in two_tenants:
        load(app, tenant, vectors)
        assert ask(app, tenant, vectors) == [tenant.slug]
    with pytest.raises(psycopg.errors.UndefinedFunction):
        run(app, "SELECT * FROM tenantry.search('(1)'::public.vector)")


def test_pgvector_moved_to_another_schema(
    superuser: Connection, dba: Connection, app: Connection, two_tenants: tuple[Tenant, Tenant]
) -> None:
    run(dba, "SELECT tenantry.create_ai_schema('public', 2)")
    for tenant in two_tenants:
        load(app, tenant, "public")
        assert ask(app, tenant, "public") == [tenant.slug]
    run(superuser, "CREATE SCHEMA elsewhere; GRANT USAGE ON SCHEMA elsewhere TO PUBLIC")
    run(superuser, "ALTER EXTENSION vector SET SCHEMA elsewhere")
    for change in ("SELECT 1", "ANALYZE public.chunks"):  # with plans kept, and with plans made anew
        run(superuser, change)
        for tenant in two_tenants:
            assert ask(app, tenant, "elsewhere") == [tenant.slug]
    run(superuser, "CREATE SCHEMA shop AUTHORIZATION dba")
    run(dba, "SELECT tenantry.create_ai_schema('shop', 2)")
    assert value(dba, "SELECT count(*) FROM tenantry.corpora") == 2


def test_a_schema_that_nobody_may_use_is_pointed_out(superuser: Connection) -> None:
    run(superuser, "DROP EXTENSION tenantry_search; DROP EXTENSION vector")
    run(superuser, "CREATE SCHEMA locked; CREATE EXTENSION vector SCHEMA locked")
    with pytest.raises(psycopg.errors.InsufficientPrivilege) as refusal:
        run(superuser, "CREATE EXTENSION tenantry_search")
    assert refusal.value.diag.message_hint == (
        "GRANT USAGE ON SCHEMA locked TO PUBLIC, then create the extension again."
    )
    run(superuser, "GRANT USAGE ON SCHEMA locked TO PUBLIC; CREATE EXTENSION tenantry_search")


def test_the_installer_gets_his_role_back(superuser: Connection) -> None:
    run(superuser, "DROP EXTENSION tenantry_search")
    with superuser.transaction():
        run(superuser, "CREATE ROLE installer SUPERUSER; SET LOCAL ROLE installer; CREATE EXTENSION tenantry_search")
        assert value(superuser, "SELECT current_user") == "installer"
        assert value(superuser, "SELECT proowner::regrole::text FROM pg_proc WHERE proname = 'run_search'") == (
            "tenantry_owner"
        )
        assert value(superuser, OURS, "tenantry_search") > 0
        run(superuser, "RESET ROLE; DROP EXTENSION tenantry_search; DROP ROLE installer")


def test_the_python_body_compiles(superuser: Connection) -> None:
    language = "SELECT oid FROM pg_language WHERE lanname = 'plpython3u'"
    functions = f"SELECT proname, prosrc FROM pg_proc WHERE prolang = ({language})"
    bodies = run(superuser, f"{functions} AND pronamespace = 'tenantry'::regnamespace").fetchall()
    assert [name for name, _ in bodies] == ["run_search"]
    for name, body in bodies:
        # As PL/Python does: the body becomes a function's.
        compile(f"def {name}():\n " + body.replace("\n", "\n "), name, "exec")
