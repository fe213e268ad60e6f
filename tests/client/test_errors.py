"""Each error has its SQLSTATE, and is psycopg's error of that SQLSTATE too."""

import psycopg
import pytest

import tenantry
from tenantry.errors import translate

CLASSES = {
    "28000": tenantry.InvalidCredential,
    "42501": tenantry.AccessDenied,
    "53400": tenantry.LimitReached,
    "22023": tenantry.InvalidArgument,
    "25P01": tenantry.ContextClosed,
}


@pytest.mark.parametrize(("sqlstate", "cls"), CLASSES.items())
def test_a_class_has_one_sqlstate_and_is_psycopgs_too(sqlstate: str, cls: type[tenantry.TenantryError]) -> None:
    assert cls.sqlstate == sqlstate
    assert issubclass(cls, (tenantry.TenantryError, psycopg.errors.lookup(sqlstate)))
    assert issubclass(cls, psycopg.errors.lookup(sqlstate))
    assert cls("message").hint is None


def test_no_class_is_missing_here() -> None:
    exported = {getattr(tenantry, name) for name in tenantry.__all__ if name != "__version__"}
    classes = {cls for cls in exported if isinstance(cls, type) and issubclass(cls, tenantry.TenantryError)}
    assert classes - {tenantry.TenantryError} == set(CLASSES.values())


@pytest.mark.parametrize("sqlstate", ["28000", "42501", "53400", "22023"])
def test_psycopgs_error_is_translated_by_sqlstate(sqlstate: str) -> None:
    assert type(translate(psycopg.errors.lookup(sqlstate)("message"))) is CLASSES[sqlstate]


def test_other_errors_stay_psycopgs() -> None:
    for error in (psycopg.errors.UniqueViolation("message"), psycopg.OperationalError("message")):
        assert translate(error) is error
    mine = tenantry.AccessDenied("message")
    assert translate(mine) is mine


@pytest.mark.parametrize(
    ("hint", "seconds"),
    [
        ("Wait 42 seconds. The key may make 5 requests a minute.", 42),
        ("Wait 1 seconds.", 1),
        ("Do not wait 42 seconds.", None),
        ("Wait -1 seconds.", None),
        ("Wait a few seconds.", None),
        ("Wait 9999999999 seconds.", None),
        (None, None),
    ],
)
def test_a_limit_says_when_to_come_back(hint: str | None, seconds: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tenantry.LimitReached, "hint", hint)
    assert tenantry.LimitReached("message").retry_after == seconds
