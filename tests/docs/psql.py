"""Examples run as a reader runs them: one psql session a page, from an empty database on."""

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.docs.pages import Example
from tests.support.cluster import Cluster

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SECRET = re.compile(r"(?<=_)[0-9a-f]{64}")
_CONNECTED = re.compile(r"^You are now connected to database .*\n", re.MULTILINE)
_MARKER = "end of example"


def run_examples(cluster: Cluster, database: str, psql: Path, sqls: Sequence[str]) -> list[str]:
    """Run SQL texts in one psql session, as the superuser until they \\connect as somebody else.

    Returns:
        What psql printed for each, errors included, in the order in which it came.
    """
    marked = "".join(f"{sql}\n\\echo {_MARKER}\n" for sql in sqls)
    done = subprocess.run(
        [psql, "-X", "-h", cluster.host, "-p", str(cluster.port), "-U", cluster.user, "-d", database],
        input=marked,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
    )
    *outputs, rest = done.stdout.split(f"{_MARKER}\n")
    assert len(outputs) == len(sqls), f"psql ended in example {len(outputs) + 1}: {rest}"
    return [_CONNECTED.sub("", output) for output in outputs]


class Comparison:
    """Compares outputs of one page.

    UUIDs and the secrets of API keys differ from run to run: the printed one and the real one stand for each other
    throughout the page. `...` in a printed line stands for any text. Blanks at the end of a line do not count.
    """

    def __init__(self) -> None:
        self._printed: dict[str, str] = {}
        self._real: dict[str, str] = {}

    def difference(self, example: Example, output: str) -> str | None:
        """Return what is wrong with an output, or None."""
        if example.output is None:
            complaint = re.search(r"^(?:ERROR|FATAL|WARNING|invalid command|\\\w+:).*", output, re.MULTILINE)
            return f"line {example.line}: not announced: {complaint[0]}" if complaint else None
        printed = _lines(self._numbered(example.output, self._printed))
        real = _lines(self._numbered(output, self._real))
        if len(printed) == len(real) and all(map(_matches, printed, real)):
            return None
        return f"line {example.line}: psql prints\n{output}"

    @staticmethod
    def _numbered(text: str, known: dict[str, str]) -> str:
        for volatile in (_UUID, _SECRET):
            text = volatile.sub(lambda match: known.setdefault(match[0], f"<{len(known)}>"), text)
        return text


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip("\n").split("\n")]


def _matches(printed: str, real: str) -> bool:
    pattern = ".*".join(re.escape(part) for part in printed.split("..."))
    return re.fullmatch(pattern, real) is not None
