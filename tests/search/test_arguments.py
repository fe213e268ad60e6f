"""Each way to call search() wrongly, and what it answers."""

import psycopg
import pytest

from tests.search.library import contents, fill, refused, run, search
from tests.support.database import Connection
from tests.support.tenants import Tenant, as_tenant

WRONG = {
    "no query": ("NULL", "22023"),
    "too few dimensions": ("'[1, 0]'", "22023"),
    "too many dimensions": ("'[1, 0, 0, 0]'", "22023"),
    "no direction": ("'[0, 0, 0]'", "22023"),
    "too short to have one": ("'[1e-30, 0, 0]'", "22023"),
    "no rows": ("'[1, 0, 0]', 0", "22023"),
    "less than none": ("'[1, 0, 0]', -1", "22023"),
    "too many rows": ("'[1, 0, 0]', 1001", "22023"),
    "no number of rows": ("'[1, 0, 0]', NULL", "22023"),
    "distance that is no number": ("'[1, 0, 0]', p_max_distance => 'NaN'", "22023"),
    "filter that is a list": ("""'[1, 0, 0]', p_filter => '["a"]'""", "22023"),
    "filter that is a scalar": ("'[1, 0, 0]', p_filter => '1'", "22023"),
    "filter that is null": ("'[1, 0, 0]', p_filter => 'null'", "22023"),
    "text": ("'[1, 0, 0]', p_text => 'anvil'", "0A000"),
    "no text": ("'[1, 0, 0]', p_text => ''", "0A000"),
    "diversity": ("'[1, 0, 0]', p_diversity => 0.5", "0A000"),
    "diversity that is no number": ("'[1, 0, 0]', p_diversity => 'NaN'", "0A000"),
    "a table that is no corpus": ("'[1, 0, 0]', p_corpus => 'documents'", "42704"),
    "a table of the catalog": ("'[1, 0, 0]', p_corpus => 'pg_catalog.pg_authid'", "42704"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_arguments_are_refused(name: str, app: Connection, acme: Tenant) -> None:
    arguments, sqlstate = WRONG[name]
    fill(app, acme, (1, 0, 0))
    with as_tenant(app, acme):
        with refused(app, sqlstate):
            run(app, f"SELECT * FROM tenantry.search({arguments})")
        assert contents(search(app, (1, 0, 0))) == ["chunk 1"]


@pytest.mark.parametrize(
    ("vector", "sqlstate"),
    [("[NaN, 0, 0]", "22000"), ("[Infinity, 0, 0]", "22000"), ("[1e39, 0, 0]", "22003"), ("[one]", "22P02")],
)
def test_what_is_no_vector_is_refused_by_its_type(vector: str, sqlstate: str, app: Connection, acme: Tenant) -> None:
    with pytest.raises(psycopg.Error) as refusal, as_tenant(app, acme):
        run(app, "SELECT * FROM tenantry.search(%s)", vector)
    assert refusal.value.sqlstate == sqlstate


def test_nothing_is_found_outside_a_context(app: Connection, acme: Tenant) -> None:
    fill(app, acme, (1, 0, 0))
    for context in ("", f"{acme.tenant_id}|forged"):
        with app.transaction():
            run(app, "SELECT set_config('tenantry.context', %s, true)", context)
            with refused(app, "42501"):
                search(app, (1, 0, 0))
            # The context is asked for before anything else is looked at.
            with refused(app, "42501"):
                run(app, "SELECT * FROM tenantry.search(NULL, -1, 'documents')")
    with as_tenant(app, acme):
        assert contents(search(app, (1, 0, 0))) == ["chunk 1"]
        app.execute("SELECT tenantry.leave_tenant()")
        with refused(app, "42501"):
            search(app, (1, 0, 0))


def test_arguments_that_are_null_mean_their_default(app: Connection, acme: Tenant) -> None:
    fill(app, acme, (1, 0, 0))
    with as_tenant(app, acme):
        hits = search(app, (1, 0, 0), corpus=None, text=None, filter=None, diversity=None, max_distance=None)
        assert hits == search(app, (1, 0, 0))
        assert contents(hits) == ["chunk 1"]


def test_the_privilege_on_the_corpus_is_the_callers(app: Connection, dba: Connection, acme: Tenant) -> None:
    fill(app, acme, (1, 0, 0))
    dba.execute("REVOKE SELECT ON chunks FROM tenantry_app")
    try:
        with pytest.raises(psycopg.errors.InsufficientPrivilege), as_tenant(app, acme):
            search(app, (1, 0, 0))
    finally:
        dba.execute("GRANT SELECT ON chunks TO tenantry_app")
    with as_tenant(app, acme):
        assert contents(search(app, (1, 0, 0))) == ["chunk 1"]
