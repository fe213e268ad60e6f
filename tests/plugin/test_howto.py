"""The how-to's files, put where it says, make a project whose tests pass."""

import re

import pytest

from tests.docs.pages import DOCS
from tests.plugin.conftest import Project
from tests.support.cluster import Cluster
from tests.support.database import Connection
from tests.support.findings import AS_IF_PATCHED

PAGE = (DOCS / "how-to/prove-isolation-in-your-tests.md").read_text()
_FILE = re.compile(r"`([\w./]+)`[^`]*:\n\n(?:<!--.*-->\n)?```(?:python|sql)\n(.*?)```", re.DOTALL)
FILES = _FILE.findall(PAGE)


def test_the_page_has_them() -> None:
    names = [name for name, _ in FILES]
    assert names == ["tests/test_isolation.py", "tests/test_isolation.py", "tests/conftest.py", "schema.sql"]


@pytest.mark.parametrize("suite", [text for name, text in FILES if name == "tests/test_isolation.py"])
def test_they_pass_and_can_fail(suite: str, project: Project, cluster: Cluster, superuser: Connection) -> None:
    files = dict(FILES)
    # The cluster of these tests instead of one that pytest-postgresql starts, which root may not.
    server = f"postgresql_noproc(host={cluster.host!r}, port={cluster.port}, user='postgres', dbname='howto', "
    (project.folder / "tests").mkdir()
    project.write("tests/conftest.py", files["tests/conftest.py"].replace("postgresql_proc(load", f"{server}load"))
    project.write("tests/test_isolation.py", suite)
    counts = []
    for change in ("", "ALTER TABLE notes NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY;"):
        project.write("schema.sql", files["schema.sql"] + AS_IF_PATCHED + change)
        try:
            outcome = project.run("-p", "pytest_postgresql.plugin", dsn=False)
        finally:
            superuser.execute("DROP ROLE IF EXISTS notes_app")
        counts.append((outcome.counts, outcome.text))
    (passing, first), (failing, second) = counts
    assert passing == {"passed": 1}, first
    assert failing == {"failed": 1}, second
    assert "notes is not isolated, as notes_app attacks it" in second
