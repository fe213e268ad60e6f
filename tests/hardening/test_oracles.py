"""What docs/explanation/oracles.md says of each oracle is what is measured."""

import itertools
from collections.abc import Iterator

import pytest
from pytest_postgresql.executors import NoopExecutor
from pytest_postgresql.janitor import DatabaseJanitor

from tests.docs.pages import DOCS
from tests.hardening.oracles import measure, to_markdown
from tests.support.database import Database

PAGE = DOCS / "explanation/oracles.md"


@pytest.fixture
def databases(template: NoopExecutor) -> Iterator[Iterator[Database]]:
    opened: list[tuple[DatabaseJanitor, Database]] = []

    def make() -> Iterator[Database]:
        for i in itertools.count():
            janitor = DatabaseJanitor(
                user=template.user,
                host=template.host,
                port=template.port,
                dbname=f"oracles_{i}",
                template_dbname=template.template_dbname,
            )
            janitor.init()
            opened.append((janitor, Database(template.host, template.port, f"oracles_{i}")))
            yield opened[-1][1]

    yield make()
    for janitor, database in opened:
        database.close()
        janitor.drop()


def test_the_page_says_what_is_measured(databases: Iterator[Database]) -> None:
    rows = measure(lambda: next(databases))

    assert all(before not in ("closed", "nothing") for _, _, before, _ in rows), (
        "an oracle that is asked in vain proves nothing"
    )
    assert to_markdown(rows) in PAGE.read_text()
