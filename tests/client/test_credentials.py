"""A credential shows nowhere, and a call names exactly one."""

import pickle
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from psycopg_pool import ConnectionPool

from tenantry import ApiKey, AsyncTenantPool, InvalidArgument, InvalidCredential, Member, TenantPool, Token
from tenantry.credentials import Secret
from tests.client.support import shown

SECRET = "sk_3f0e_verysecret"
PASSWORD = "hunter2-is-a-password"


@pytest.mark.parametrize("kind", [Secret, ApiKey, Token])
def test_a_secret_shows_in_no_text(kind: type[Secret[str]]) -> None:
    secret = kind(SECRET)
    texts = [
        repr(secret),
        str(secret),
        f"{secret}",
        f"{secret!r:>40}",
        repr([secret]),
        repr({"k": secret}),
    ]
    assert not any(SECRET in text for text in texts)
    assert secret() == SECRET  # so it was there to be shown
    assert not hasattr(secret, "__dict__")


def test_a_member_is_no_secret() -> None:
    assert "ada" in repr(Member(uuid4(), "ada", "manager"))


@pytest.mark.parametrize("pool_class", [TenantPool, AsyncTenantPool])
def test_a_pool_does_not_show_its_password(pool_class: Callable[..., Any]) -> None:
    pool = pool_class(f"host=nowhere password={PASSWORD}", kwargs={"password": PASSWORD}, min_size=0, max_size=1)
    assert PASSWORD not in repr(pool)
    assert PASSWORD not in repr(vars(pool))
    assert PASSWORD in pool.conninfo()

    with pytest.raises(ValueError, match="max_size") as caught:
        ConnectionPool(f"host=nowhere password={PASSWORD}", min_size=2, max_size=1)
    assert PASSWORD in shown(caught.value)  # what psycopg's own pool lets see
    with pytest.raises(ValueError, match="max_size") as caught:
        pool_class(f"host=nowhere password={PASSWORD}", kwargs={"password": PASSWORD}, min_size=2, max_size=1)
    assert "TenantPool.__init__" in shown(caught.value)
    assert PASSWORD not in shown(caught.value)


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"api_key": None},
        {"api_key": SECRET, "token": SECRET},
        {"api_key": SECRET, "tenant": uuid4()},
        {"token": SECRET, "role": "owner"},
        {"api_key": SECRET, "user": "ada"},
        {"user": "ada"},
    ],
)
@pytest.mark.parametrize("pool_class", [TenantPool, AsyncTenantPool])
def test_a_block_takes_exactly_one_credential(pool_class: Callable[..., Any], arguments: dict[str, Any]) -> None:
    pool = pool_class(min_size=0, max_size=1)
    with pytest.raises(TypeError) as caught:
        pool.tenant(**arguments)
    assert "choose_principal" in shown(caught.value)
    assert SECRET not in shown(caught.value)


def test_a_principal_replaces_the_keywords() -> None:
    pool = TenantPool(min_size=0, max_size=1)
    for principal in (ApiKey(SECRET), Token(SECRET), Member(uuid4())):
        assert pool.tenant(principal)
        with pytest.raises(TypeError, match="exactly one"):
            pool.tenant(principal, api_key=SECRET)
    with pytest.raises(TypeError, match="not str") as caught:
        pool.tenant(SECRET)  # type: ignore[arg-type]
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("value", ["sk_a\0b", "sk_é", "sk_\udc80", "sk_a\nb"])
@pytest.mark.parametrize("kind", [ApiKey, Token])
def test_what_is_not_printable_ascii_is_no_credential(kind: type[ApiKey | Token], value: str) -> None:
    assert kind("sk_ab").parameters() == [b"sk_ab"]
    with pytest.raises(InvalidCredential) as caught:
        kind(value).parameters()
    assert caught.value.sqlstate == "28000"
    assert value not in str(caught.value)


def test_a_credential_is_text() -> None:
    with pytest.raises(TypeError, match="not bytes"):
        ApiKey(SECRET.encode()).parameters()  # type: ignore[arg-type]


def test_a_member_with_a_nul_character_is_refused() -> None:
    tenant = uuid4()
    assert Member(tenant, "ada").parameters() == [str(tenant).encode(), b"ada", None]
    with pytest.raises(InvalidArgument):
        Member(tenant, "ada\0root").parameters()


def test_errors_survive_pickling() -> None:
    error = pickle.loads(pickle.dumps(InvalidCredential("invalid credential")))
    assert isinstance(error, InvalidCredential)
    assert error.sqlstate == "28000"
