"""tenantry: open a tenant's context in PostgreSQL, and call what it offers.

    with TenantPool("dbname=app user=app") as pool:
        with pool.tenant(api_key=key) as t:
            t.execute("INSERT INTO notes (body) VALUES (%s)", ["hello"])
            t.search(embedding, k=5)

`AsyncTenantPool` is the same for asyncio. Isolation is the database's work; this package adds none and can undo none.
"""

from importlib.metadata import version

from ._async.pool import AsyncTenantPool
from ._async.retriever import AsyncRetriever
from ._async.transaction import AsyncTenantTransaction
from ._sync.pool import TenantPool
from ._sync.retriever import Retriever
from ._sync.transaction import TenantTransaction
from ._wire import Vector
from .credentials import ApiKey, Member, Principal, Token
from .errors import AccessDenied, ContextClosed, InvalidArgument, InvalidCredential, LimitReached, TenantryError
from .identity import Identity
from .results import Document, SearchResult

__version__ = version("tenantry")

__all__ = [
    "AccessDenied",
    "ApiKey",
    "AsyncRetriever",
    "AsyncTenantPool",
    "AsyncTenantTransaction",
    "ContextClosed",
    "Document",
    "Identity",
    "InvalidArgument",
    "InvalidCredential",
    "LimitReached",
    "Member",
    "Principal",
    "Retriever",
    "SearchResult",
    "TenantPool",
    "TenantTransaction",
    "TenantryError",
    "Token",
    "Vector",
    "__version__",
]
