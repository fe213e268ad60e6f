# ruff: noqa: N818  (named after the condition, as psycopg names its own)
"""Errors of tenantry, by SQLSTATE.

Each is a psycopg error too, of the class that psycopg raises for the same SQLSTATE, so code that catches psycopg's
classes keeps working. What has no class here stays psycopg's: a unique violation is `psycopg.errors.UniqueViolation`.
"""

from __future__ import annotations

import re

import psycopg
from psycopg import errors as pg


class TenantryError(psycopg.DatabaseError):
    """Base class of the errors below.

    `sqlstate` is the five-character code, `hint` what to do about it, `diag` what else the server said.
    """

    @property
    def hint(self) -> str | None:
        """The server's advice; `None` where it gave none."""
        return self.diag.message_hint


class InvalidCredential(TenantryError, pg.InvalidAuthorizationSpecification):
    """28000: the key or token opens no tenant. Whether it is unknown, revoked or expired, the server does not say."""


class AccessDenied(TenantryError, pg.InsufficientPrivilege):
    """42501: no context or one that is not genuine, another tenant's row, or a privilege that is missing."""


class LimitReached(TenantryError, pg.ConfigurationLimitExceeded):
    """53400: a limit of the tenant or of its key is used up."""

    @property
    def retry_after(self) -> int | None:
        """Seconds to wait before trying again; `None` where waiting alone does not help."""
        wait = re.match(r"Wait (\d{1,9}) seconds\.", self.hint or "")
        return int(wait[1]) if wait else None


class InvalidArgument(TenantryError, pg.InvalidParameterValue):
    """22023: an argument that the call cannot mean."""


class ContextClosed(TenantryError, pg.NoActiveSqlTransaction):
    """25P01: the transaction is over, and the tenant's context with it."""


_BY_SQLSTATE: dict[str | None, type[TenantryError]] = {
    cls.sqlstate: cls for cls in (InvalidCredential, AccessDenied, LimitReached, InvalidArgument)
}


def translate(error: psycopg.Error) -> psycopg.Error:
    """Return the tenantry error that `error` amounts to, or `error` itself.

    The message is the server's first line and its hint: CONTEXT and DETAIL can quote parameters.
    """
    cls = _BY_SQLSTATE.get(error.sqlstate)
    if cls is None or isinstance(error, TenantryError):
        return error
    diag = error.diag
    message = diag.message_primary or str(error)
    if diag.message_hint:
        message += f"\nHINT:  {diag.message_hint}"
    return cls(message, info=error.pgresult)
