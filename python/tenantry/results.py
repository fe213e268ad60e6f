"""What searching and retrieving return."""

from __future__ import annotations

from typing import Any, NamedTuple
from uuid import UUID


class SearchResult(NamedTuple):
    """A row of `tenantry.search`: `distance` is in the metric of the corpus, `score` grows with similarity.

    `content` and `metadata` are `None` where the row's column is null, or the corpus has no metadata.
    `shared_by` is the tenant that shares the row, all zeros for the provider, and `None` for a row of the own tenant.
    """

    id: str
    content: str | None
    distance: float
    score: float
    metadata: dict[str, Any] | None
    shared_by: UUID | None = None


class Document(NamedTuple):
    """A retrieved passage, of the same shape whatever the tenant and the corpus.

    `content` and `metadata` are what RAG libraries build their own document from (LangChain calls the first
    `page_content`, LlamaIndex `text`), `id` is what to cite, `score` what to rank and cut by.
    `shared_by` is the tenant whose text it is, all zeros for the provider, and `None` for the own tenant's. No other
    field is `None`.
    """

    id: str
    content: str
    metadata: dict[str, Any]
    score: float
    shared_by: UUID | None = None
