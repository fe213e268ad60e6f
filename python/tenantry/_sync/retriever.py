# Generated from python/tenantry/_async/retriever.py by python/async_to_sync.py: edit that.
# fmt: off
# ruff: noqa
"""Retrieval for RAG code: a question in, the passages in that the user may see out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..credentials import Principal
from ..results import Document
from ._compat import Embed, embed_text
from .pool import TenantPool


class Retriever:
    """Finds passages for a question among what the user's tenant holds and the user is cleared for.

    `embed` turns a question into a vector of the corpus's dimension; it is the caller's, and may be a coroutine
    function. `k` is how many passages to return, `corpus` the table to search, as for `TenantTransaction.search`.
    """

    def __init__(
        self,
        pool: TenantPool,
        embed: Embed,
        *,
        k: int = 10,
        corpus: str | None = None,
    ):
        self._pool = pool
        self._embed = embed
        self._k = k
        self._corpus = corpus

    def retrieve(
        self,
        query: str,
        user: Principal,
        *,
        k: int | None = None,
        filter: Mapping[str, Any] | None = None,
        max_distance: float | None = None,
    ) -> list[Document]:
        """Return the passages nearest to `query`, nearest first.

        `user` is who asks: `ApiKey(key)`, `Token(jwt)` or `Member(tenant, user, role)`. What is found depends on it
        alone; the shape of the answer never does.

        Raises what `TenantPool.tenant` and `TenantTransaction.search` raise, and what `embed` raises.
        """
        # Before the transaction: a model takes its time, and a connection should not wait for it.
        vector = embed_text(self._embed, query)
        with self._pool.tenant(user, read_only=True) as tenant:
            found = tenant.search(
                vector, self._k if k is None else k, corpus=self._corpus, filter=filter, max_distance=max_distance
            )
        return [Document(row.id, row.content or "", row.metadata or {}, row.score, row.shared_by) for row in found]
