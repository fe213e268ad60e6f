"""What only newer versions of PostgreSQL have, and the doctor knows."""

import pytest

from tests.protection.workshop import Workshop


def found(workshop: Workshop, code: str) -> list[tuple[str, str, str]]:
    return workshop.execute(
        "SELECT object, detail, remedy FROM tenantry.doctor() WHERE code = %s ORDER BY object, detail", code
    ).fetchall()


@pytest.fixture
def since(request: pytest.FixtureRequest, workshop: Workshop) -> int:
    version: int = request.param
    if workshop.connection.info.server_version < version * 10000:
        pytest.skip(f"a matter of PostgreSQL {version}")
    return version


@pytest.mark.parametrize("since", [17], indirect=True)
@pytest.mark.usefixtures("since")
@pytest.mark.parametrize(
    ("fault", "detail"),
    [
        ("GRANT SET ON PARAMETER event_triggers TO dba", "dba may switch all event triggers off"),
        ("GRANT ALTER SYSTEM ON PARAMETER event_triggers TO PUBLIC", "PUBLIC may switch all event triggers off"),
        ("ALTER ROLE dba SET event_triggers = off", "sessions of dba begin with all event triggers off"),
        ("ALTER ROLE ALL SET event_triggers = no", "sessions of every role begin with all event triggers off"),
        (
            "ALTER DATABASE {database} SET event_triggers = 0",
            "sessions of every role begin with all event triggers off",
        ),
    ],
)
def test_a_guard_that_can_be_switched_off(workshop: Workshop, fault: str, detail: str) -> None:
    workshop.execute("SELECT tenantry.manage_schema('public'), tenantry.set_guard('enforce')")
    with workshop.role("postgres"):
        workshop.execute("ALTER ROLE dba SET event_triggers = on")
        assert found(workshop, "TNT708") == []
        workshop.execute(fault.format(database=workshop.connection.info.dbname))
        ((_, told, remedy),) = found(workshop, "TNT708")
        assert told == f"public is managed, and {detail}"
        workshop.execute(remedy)
    assert found(workshop, "TNT708") == []


@pytest.mark.parametrize("since", [17], indirect=True)
@pytest.mark.usefixtures("since")
def test_event_triggers_are_off(workshop: Workshop) -> None:
    workshop.execute("SELECT tenantry.manage_schema('public'), tenantry.set_guard('enforce')")
    with workshop.role("postgres"):
        workshop.execute("SET LOCAL event_triggers = off")
        ((_, told, _),) = found(workshop, "TNT708")
        assert "missing or disabled" in told
        assert workshop.refused("SELECT tenantry.set_guard('warn')").sqlstate == "55000"


@pytest.mark.parametrize("since", [18], indirect=True)
@pytest.mark.usefixtures("since")
def test_default_privileges_on_large_objects(workshop: Workshop) -> None:
    workshop.execute("ALTER DEFAULT PRIVILEGES GRANT SELECT ON LARGE OBJECTS TO tenantry_app")
    ((name, detail, remedy),) = found(workshop, "TNT707")
    assert (name, detail) == ("default privileges of dba", "tenantry_app gets SELECT on each new large object")
    workshop.execute(remedy)
    assert found(workshop, "TNT707") == []


@pytest.mark.parametrize("since", [18], indirect=True)
@pytest.mark.usefixtures("since")
@pytest.mark.parametrize("key", ["PRIMARY KEY", "UNIQUE"])
def test_temporal_keys(workshop: Workshop, key: str) -> None:
    with workshop.role("postgres"):
        workshop.execute("CREATE EXTENSION btree_gist")
    workshop.execute(
        f"CREATE TABLE t (tenant_id uuid, room int, at tstzrange, CONSTRAINT k {key} (room, at WITHOUT OVERLAPS));"
        "SELECT tenantry.protect('t')"
    )
    ((name, _, remedy),) = found(workshop, "TNT301")
    assert name == "public.k"
    workshop.execute(remedy)
    assert found(workshop, "TNT301") == found(workshop, "TNT302") == []


@pytest.mark.parametrize("since", [18], indirect=True)
@pytest.mark.usefixtures("since")
def test_a_foreign_key_that_is_not_enforced(workshop: Workshop) -> None:
    workshop.execute("CREATE TABLE t (tenant_id uuid); SELECT tenantry.protect('t')")
    workshop.execute("ALTER TABLE t ALTER CONSTRAINT t_tenant_id_fkey NOT ENFORCED")
    assert [name for name, *_ in found(workshop, "TNT120")] == ["public.t"]
