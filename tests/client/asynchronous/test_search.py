"""Search and retrieval through the client."""

import math
from array import array
from typing import Any
from uuid import uuid4

import numpy as np
import psycopg
import pytest

import tenantry
from tenantry import AsyncRetriever, AsyncTenantPool, Document, SearchResult
from tests.client.conftest import World
from tests.support.tenants import Tenant

CHUNKS = [  # content, embedding, level, metadata
    ("north", [0.0, 1.0, 0.0], "PUBLIC", {"language": "en"}),
    ("north-east", [1.0, 1.0, 0.0], "INTERNAL", {"language": "en"}),
    ("Osten", [1.0, 0.0, 0.0], "INTERNAL", {"language": "de"}),
    ("a secret in the north", [0.0, 1.0, 0.0], "CONFIDENTIAL", {}),
]
NORTH = [0.0, 2.0, 0.0]


@pytest.fixture(scope="module")
def viewer(module_world: World) -> Tenant:
    """A key of acme's that is cleared for less."""
    world = module_world
    row = world.dba.execute(
        "SELECT key_id, api_key FROM tenantry.issue_api_key(%s, 'reader', 'viewer')", [world.acme.tenant_id]
    ).fetchone()
    assert row
    return Tenant(world.acme.tenant_id, "acme", *row)


@pytest.fixture(scope="module", autouse=True)
def corpus(module_world: World) -> None:
    world = module_world
    world.dba.execute("SELECT tenantry.create_ai_schema('public', 3)")
    world.dba.execute("GRANT SELECT ON chunks, documents TO tenantry_gateway")
    globex_owner = world.dba.execute(
        "SELECT api_key FROM tenantry.issue_api_key(%s, 'loader', 'owner')", [world.globex.tenant_id]
    ).fetchone()
    acme_owner = world.dba.execute(
        "SELECT api_key FROM tenantry.issue_api_key(%s, 'loader', 'owner')", [world.acme.tenant_id]
    ).fetchone()
    assert acme_owner
    assert globex_owner
    for (key,), chunks in ((acme_owner, CHUNKS), (globex_owner, [("theirs", NORTH, "PUBLIC", {})])):
        with tenantry.TenantPool(world.database.conninfo("app"), min_size=1) as pool, pool.tenant(api_key=key) as t:
            document = uuid4()
            t.execute(
                "INSERT INTO documents (id, title, permission_level) VALUES (%s, 'Directions', 'PUBLIC')", [document]
            )
            t.copy_rows(
                "chunks",
                ["document_id", "ordinal", "content", "embedding", "permission_level", "metadata"],
                [(document, ordinal, *chunk) for ordinal, chunk in enumerate(chunks)],
            )


def contents(found: list[SearchResult] | list[Document]) -> list[str | None]:
    return [each.content for each in found]


async def test_the_nearest_first_with_all_that_belongs_to_them(world: World, pool: AsyncTenantPool) -> None:
    async with pool.tenant(api_key=world.acme.api_key) as t:
        found = await t.search(NORTH, 2)
        rows = await (await t.execute("SELECT id::text FROM chunks WHERE content = 'north'")).fetchall()
    assert contents(found) == ["north", "north-east"]
    assert [(found[0].id,)] == rows
    assert found[0] == SearchResult(rows[0][0], "north", pytest.approx(0), pytest.approx(1), {"language": "en"})
    assert found[1].distance == pytest.approx(1 - math.sqrt(0.5))
    assert found[1].score == pytest.approx(math.sqrt(0.5))


async def test_each_tenant_and_each_clearance_finds_its_own(
    world: World, pool: AsyncTenantPool, viewer: Tenant
) -> None:
    found = {}
    for name, key in (("acme", world.acme), ("globex", world.globex), ("viewer", viewer)):
        async with pool.tenant(api_key=key.api_key) as t:
            found[name] = set(contents(await t.search(NORTH)))
    assert found == {"acme": {"north", "north-east", "Osten"}, "globex": {"theirs"}, "viewer": {"north"}}


@pytest.mark.parametrize(
    "vector",
    [NORTH, tuple(NORTH), array("f", NORTH), np.array(NORTH), np.array(NORTH, dtype="float16"), "[0,2,0]"],
    ids=lambda vector: type(vector).__name__,
)
async def test_every_form_of_a_vector(world: World, pool: AsyncTenantPool, vector: Any) -> None:
    async with pool.tenant(api_key=world.acme.api_key) as t:
        for _ in range(7):  # more than it takes for the statement to be prepared
            assert contents(await t.search(vector, k=1)) == ["north"]


async def test_options(world: World, pool: AsyncTenantPool) -> None:
    async with pool.tenant(api_key=world.acme.api_key) as t:
        assert contents(await t.search(NORTH, filter={"language": "de"})) == ["Osten"]
        assert contents(await t.search(NORTH, max_distance=0.5)) == ["north", "north-east"]
        assert contents(await t.search(NORTH, corpus="public.chunks", k=1)) == ["north"]
        assert await t.search(NORTH, filter={"language": "fr"}) == []


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"vector": [1.0, 2.0]}, tenantry.InvalidArgument),
        ({"vector": [[1.0], [2.0]]}, tenantry.InvalidArgument),
        ({"vector": None}, tenantry.InvalidArgument),
        ({"vector": [0.0, 0.0, 0.0]}, tenantry.InvalidArgument),
        ({"vector": [math.nan, 0.0, 0.0]}, psycopg.DataError),
        ({"vector": "north"}, psycopg.DataError),
        ({"vector": NORTH, "k": 0}, tenantry.InvalidArgument),
        ({"vector": NORTH, "k": 10**10}, psycopg.DataError),
        ({"vector": NORTH, "filter": ["language"]}, tenantry.InvalidArgument),
        ({"vector": NORTH, "max_distance": math.nan}, tenantry.InvalidArgument),
        ({"vector": NORTH, "corpus": "nowhere"}, psycopg.errors.UndefinedTable),
        ({"vector": NORTH, "corpus": "notes"}, psycopg.errors.UndefinedObject),
        ({"vector": NORTH, "text": "north"}, psycopg.NotSupportedError),
        ({"vector": NORTH, "diversity": 0.5}, psycopg.NotSupportedError),
    ],
)
async def test_errors(world: World, pool: AsyncTenantPool, arguments: dict[str, Any], error: type[Exception]) -> None:
    async with pool.tenant(api_key=world.acme.api_key) as t:
        with pytest.raises(error):
            async with t.transaction():
                await t.search(**arguments)
        assert contents(await t.search(NORTH, 1)) == ["north"]


async def test_a_search_without_a_context_is_refused(world: World, pool: AsyncTenantPool) -> None:
    async with pool.tenant(api_key=world.acme.api_key) as t:
        await t.execute("SELECT tenantry.leave_tenant()")
        with pytest.raises(tenantry.AccessDenied):
            async with t.transaction():
                await t.search(NORTH)


async def test_vectors_wherever_the_type_is_installed(world: World, pool: AsyncTenantPool) -> None:
    async with pool.tenant(api_key=world.acme.api_key) as t:
        await t.execute("SET LOCAL search_path = ''")
        assert contents(await t.search(NORTH, 1)) == ["north"]
        assert contents(await t.search("[0,2,0]", 1)) == ["north"]


async def test_a_retriever_answers_each_user_in_the_same_shape(
    world: World, pool: AsyncTenantPool, gateway_pool: AsyncTenantPool, viewer: Tenant
) -> None:
    asked = []

    def embed(question: str) -> list[float]:
        asked.append(question)
        return NORTH

    retriever = AsyncRetriever(pool, embed, k=1)
    for user, content in ((world.acme, "north"), (world.globex, "theirs"), (viewer, "north")):
        (document,) = await retriever.retrieve("where to?", tenantry.ApiKey(user.api_key))
        assert document == Document(document.id, content, document.metadata, pytest.approx(1))
        assert isinstance(document.metadata, dict)
    assert asked == ["where to?"] * 3

    member = tenantry.Member(world.acme.tenant_id, "ada", "manager")
    found = await AsyncRetriever(gateway_pool, embed).retrieve("where to?", member, k=2)
    assert set(contents(found)) == {"north", "a secret in the north"}
    with pytest.raises(tenantry.InvalidCredential):
        await retriever.retrieve("where to?", tenantry.ApiKey("nonsense"))


async def test_a_retrievers_options(world: World, pool: AsyncTenantPool) -> None:
    retriever = AsyncRetriever(pool, lambda question: np.array(NORTH), corpus="chunks")
    user = tenantry.ApiKey(world.acme.api_key)
    assert contents(await retriever.retrieve("where to?", user)) == ["north", "north-east", "Osten"]
    assert contents(await retriever.retrieve("where to?", user, k=1)) == ["north"]
    assert contents(await retriever.retrieve("where to?", user, filter={"language": "de"})) == ["Osten"]
    assert contents(await retriever.retrieve("where to?", user, max_distance=0.1)) == ["north"]
    with pytest.raises(tenantry.InvalidArgument):
        await AsyncRetriever(pool, lambda question: NORTH, k=0).retrieve("where to?", user)


async def test_a_retriever_holds_no_connection_while_the_question_is_embedded(
    world: World, pool: AsyncTenantPool
) -> None:
    def embed(question: str) -> list[float]:
        assert pool.get_stats()["pool_available"] == 1
        return NORTH

    await pool.wait()
    assert await AsyncRetriever(pool, embed, k=1).retrieve("where to?", tenantry.ApiKey(world.acme.api_key))
