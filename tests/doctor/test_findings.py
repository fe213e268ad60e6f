"""Each code's page is followed: the fault is made, leaks, is found, and mended as the doctor says."""

import psycopg
import pytest

from tests.doctor.pages import FINDINGS, SECTIONS, Page, codes, read
from tests.protection.workshop import Workshop
from tests.support.database import Connection

# Faults that cannot be made in a transaction, and that of another session, are in test_server_findings.py.
ELSEWHERE = {
    "TNT501",
    "TNT502",
    "TNT503",
    "TNT508",
    "TNT511",
    "TNT605",
    "TNT606",
    "TNT610",
    "TNT611",
    "TNT702",
    "TNT705",
    "TNT710",
    "TNT711",
}
ROLLED_BACK = [code for code in codes() if code not in ELSEWHERE]


def remedies(workshop: Workshop, page: Page) -> list[str]:
    """Return the remedies of what the doctor finds of a page's code and object."""
    found = workshop.execute(
        "SELECT remedy FROM tenantry.doctor() WHERE code = %s AND object = %s", page.code, page.object
    )
    return [remedy for (remedy,) in found]


def leaks(workshop: Workshop, attack: str) -> bool:
    """Whether the last statement of an attack by the application, as acme, returns a row."""
    with workshop.tenant(workshop.acme):
        try:
            with workshop.connection.transaction() as attempt:
                cursor = workshop.execute(attack)
                while cursor.nextset():
                    pass
                has_leaked = cursor.description is not None and cursor.fetchone() is not None
                raise psycopg.Rollback(attempt)
        except psycopg.Error:
            return False
    return has_leaked


@pytest.mark.parametrize("code", ROLLED_BACK)
def test_fault_is_found_and_mended(workshop: Workshop, code: str) -> None:
    page = read(FINDINGS / f"{code}.md")
    if workshop.connection.info.server_version // 10000 not in page.versions:
        pytest.skip(f"a matter of PostgreSQL {page.versions.start} to {page.versions.stop - 1}")
    assert remedies(workshop, page) == []

    with workshop.role(page.role):
        workshop.execute(page.fault)
    if page.attack:
        assert leaks(workshop, page.attack), "the attack does nothing"
    found = remedies(workshop, page)
    assert len(found) >= 1, workshop.execute("SELECT code, object FROM tenantry.doctor()").fetchall()

    assert page.mending or not any(remedy.startswith("--") or "…" in remedy for remedy in found)
    with workshop.role(page.role):
        for remedy in [page.mending] if page.mending else found:
            workshop.execute(remedy)
    assert remedies(workshop, page) == []
    if page.attack:
        assert not leaks(workshop, page.attack)


@pytest.mark.parametrize("code", codes())
def test_page_has_the_form(superuser: Connection, code: str) -> None:
    page = read(FINDINGS / f"{code}.md")
    known = superuser.execute("SELECT title, severity FROM tenantry.doctor_codes WHERE code = %s", [code])
    assert known.fetchall() == [(page.title, page.severity)]
    assert page.sections == SECTIONS


def test_every_code_has_a_page(superuser: Connection) -> None:
    known = superuser.execute("SELECT code, page FROM tenantry.doctor_codes ORDER BY code").fetchall()
    assert known == [(code, f"docs/findings/{code}.md") for code in codes()]


def test_every_code_is_in_the_index(superuser: Connection) -> None:
    index = (FINDINGS / "README.md").read_text()
    known = superuser.execute("SELECT code, severity, title FROM tenantry.doctor_codes").fetchall()
    assert [code for code, *rest in known if f"| [{code}]({code}.md) | {' | '.join(rest)} |" not in index] == []
