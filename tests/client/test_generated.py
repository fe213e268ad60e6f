"""The synchronous client and its tests are what the asynchronous ones give."""

import shutil
from pathlib import Path

from tests.client.support import async_to_sync


def test_what_is_generated_is_up_to_date() -> None:
    assert [str(target) for target, _ in async_to_sync.outdated(async_to_sync.ROOT)] == []


def test_an_edit_of_either_side_is_noticed(tmp_path: Path) -> None:
    for folder in [*async_to_sync.FOLDERS, *async_to_sync.FOLDERS.values()]:
        shutil.copytree(async_to_sync.ROOT / folder, tmp_path / folder)
    assert list(async_to_sync.outdated(tmp_path)) == []

    generated = tmp_path / "python/tenantry/_sync/pool.py"
    generated.write_text(generated.read_text() + "\n")
    source = tmp_path / "python/tenantry/_async/retriever.py"
    source.write_text(source.read_text().replace("nearest first", "in any order"))
    (tmp_path / "tests/client/synchronous/test_transaction.py").unlink()
    changed = {target.relative_to(tmp_path).as_posix() for target, _ in async_to_sync.outdated(tmp_path)}
    assert changed == {
        "python/tenantry/_sync/pool.py",
        "python/tenantry/_sync/retriever.py",
        "tests/client/synchronous/test_transaction.py",
    }


def test_what_is_converted() -> None:
    source = "async def f(pool: AsyncTenantPool) -> None:\n    async with pool as p:\n        await p.close()\n"
    assert async_to_sync.convert(source) == (
        "def f(pool: TenantPool) -> None:\n    with pool as p:\n        p.close()\n"
    )
