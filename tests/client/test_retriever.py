"""What the asynchronous retriever alone can do."""

import pytest

from tenantry import ApiKey, AsyncRetriever, AsyncTenantPool


async def test_embedding_may_be_a_coroutine_and_fails_before_a_connection_is_taken() -> None:
    asked = []

    async def embed(question: str) -> list[float]:
        asked.append(question)
        raise ZeroDivisionError

    async with AsyncTenantPool(min_size=0, max_size=1) as pool:
        with pytest.raises(ZeroDivisionError):
            await AsyncRetriever(pool, embed).retrieve("where to?", ApiKey("sk_x"))
        assert pool.get_stats().get("requests_num", 0) == 0
    assert asked == ["where to?"]
