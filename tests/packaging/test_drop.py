"""DROP EXTENSION: protection never goes unnoticed, and never leaves a table open."""

import psycopg
import pytest

from tests.support.database import Connection, Database
from tests.support.tenants import Tenant, as_tenant


@pytest.fixture
def orders(dba: Connection, app: Connection, two_tenants: tuple[Tenant, Tenant]) -> None:
    """A protected table with a row of each tenant."""
    dba.execute("CREATE TABLE public.orders (tenant_id uuid, item text)")
    dba.execute("SELECT tenantry.protect('public.orders')")
    dba.execute("GRANT SELECT, INSERT ON public.orders TO tenantry_app")
    for tenant in two_tenants:
        with as_tenant(app, tenant):
            app.execute("INSERT INTO public.orders (item) VALUES (%s)", [tenant.slug])


@pytest.mark.parametrize(
    ("extension", "other"), [("tenantry_jwt", "tenantry_search"), ("tenantry_search", "tenantry_jwt")]
)
def test_the_others_depend_on_the_core_alone(superuser: Connection, extension: str, other: str) -> None:
    superuser.execute(f"DROP EXTENSION {other}".encode())
    with pytest.raises(psycopg.errors.DependentObjectsStillExist, match=extension):
        superuser.execute("DROP EXTENSION tenantry")


def test_nothing_is_left_behind(superuser: Connection) -> None:
    superuser.execute("DROP EXTENSION tenantry_search, tenantry_jwt")
    superuser.execute("DROP EXTENSION tenantry")
    left = superuser.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'tenantry%'").fetchall()
    assert left == []
    for extension in ("tenantry", "tenantry_jwt", "tenantry_search"):
        superuser.execute(f"CREATE EXTENSION {extension}".encode())


@pytest.mark.usefixtures("orders")
def test_a_protected_table_holds_the_extension(superuser: Connection, dba: Connection) -> None:
    superuser.execute("DROP EXTENSION tenantry_search, tenantry_jwt")
    with pytest.raises(psycopg.errors.DependentObjectsStillExist, match="orders"):
        superuser.execute("DROP EXTENSION tenantry")

    dba.execute("SELECT tenantry.unprotect('public.orders')")
    dba.execute("ALTER TABLE public.orders DROP CONSTRAINT orders_tenant_id_fkey")
    superuser.execute("DROP EXTENSION tenantry")
    assert dba.execute("SELECT item FROM public.orders ORDER BY item").fetchall() == [("acme",), ("globex",)]


@pytest.mark.usefixtures("orders")
def test_cascade_closes_protected_tables(
    superuser: Connection, database: Database, two_tenants: tuple[Tenant, Tenant]
) -> None:
    app = database.connect("app")
    with as_tenant(app, two_tenants[0]):
        assert app.execute("SELECT item FROM public.orders").fetchall() == [("acme",)]
    superuser.execute("DROP EXTENSION tenantry CASCADE")
    assert superuser.execute("SELECT count(*) FROM public.orders").fetchone() == (2,)
    assert app.execute("SELECT item FROM public.orders").fetchall() == []
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        app.execute("INSERT INTO public.orders VALUES (gen_random_uuid(), 'anybody')")
