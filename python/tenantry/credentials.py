"""Who a request acts as: an API key, a token, or a member whom a trusted back end has authenticated.

The credential itself shows in no repr, and is read in one place only: where it becomes a bind parameter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

from .errors import InvalidArgument, InvalidCredential

T = TypeVar("T")


class Secret(Generic[T]):
    """A value that shows in no repr, log record or traceback. Calling it gives the value."""

    __slots__ = ("_value",)

    def __init__(self, value: T):
        self._value = value

    def __call__(self) -> T:
        return self._value

    def __repr__(self) -> str:
        return f"{type(self).__name__}('**********')"


class ApiKey(Secret[str]):
    """An API key, `sk_<tenant uuid>_<secret>`, as `tenantry.issue_api_key` showed it."""

    __slots__ = ()
    statement = b"SELECT tenantry.authenticate($1)"

    def parameters(self) -> list[bytes | None]:
        return [_credential(self)]


class Token(Secret[str]):
    """A JSON Web Token of an issuer that `tenantry.add_jwks` has introduced."""

    __slots__ = ()
    statement = b"SELECT tenantry.authenticate_jwt($1)"

    def parameters(self) -> list[bytes | None]:
        return [_credential(self)]


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a tenant, for a login that is a member of `tenantry_gateway` and has authenticated the user itself.

    `role` is one of the tenant's roles; the server's default is `member`.
    """

    statement = b"SELECT tenantry.enter_tenant($1, $2, $3)"

    tenant: UUID | str
    user: str | None = None
    role: str | None = None

    def parameters(self) -> list[bytes | None]:
        return [_text(str(self.tenant)), _text(self.user), _text(self.role)]


Principal = ApiKey | Token | Member


def choose_principal(
    principal: Principal | None,
    api_key: ApiKey | None,
    token: Token | None,
    tenant: UUID | str | None,
    user: str | None,
    role: str | None,
) -> Principal:
    """Return the one principal that the arguments name.

    Raises `TypeError` for none, for more than one, and for `user` or `role` without `tenant`.
    """
    if tenant is None and (user is not None or role is not None):
        raise TypeError("user and role go with tenant; a key or a token brings its own")
    member = None if tenant is None else Member(tenant, user, role)
    given = [each for each in (principal, api_key, token, member) if each is not None]
    if len(given) != 1:
        raise TypeError("name exactly one of: a principal, api_key, token, tenant")
    (chosen,) = given
    if not isinstance(chosen, Principal):
        raise TypeError(f"a principal is an ApiKey, a Token or a Member, not {type(chosen).__name__}")
    return chosen


def _credential(secret: Secret[str]) -> bytes:
    # Keys and tokens are ASCII. Anything else is no credential, and must not become one by being cut at a NUL on its
    # way to the server.
    if not isinstance(secret(), str):
        raise TypeError(f"a credential is a str, not {type(secret()).__name__}")
    if not (secret().isascii() and secret().isprintable()):
        raise InvalidCredential("invalid credential")
    return secret().encode()


def _text(value: str | None) -> bytes | None:
    if value is None:
        return None
    if "\0" in value:
        raise InvalidArgument("a NUL character in a tenant, user or role")
    return value.encode()
