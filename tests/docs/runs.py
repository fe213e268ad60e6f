"""Examples run as a reader runs them: one psql session a page, and one Python program after it."""

import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

from tests.docs.pages import Example

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SECRET = re.compile(r"(?<=_)[0-9a-f]{64}")
_CONNECTED = re.compile(r"^You are now connected to database .*\n", re.MULTILINE)
_MARKER = "end of example"


def run_sql(psql: Path, conninfo: str, texts: Sequence[str]) -> list[str]:
    """Run SQL texts in one psql session, as the user of `conninfo` until they \\connect as somebody else.

    Returns:
        What psql printed for each, errors included, in the order in which it came.
    """
    program = "".join(f"{text}\n\\echo {_MARKER}\n" for text in texts)
    return [_CONNECTED.sub("", output) for output in _run([psql, "-X", conninfo], {}, program, len(texts))]


def run_python(conninfo: str, environment: Mapping[str, str], texts: Sequence[str]) -> list[str]:
    """Run Python texts as one program that finds the server of `conninfo` by itself; return what each printed."""
    server = conninfo_to_dict(conninfo)
    variables = {f"PG{name.upper()}": str(server[name]) for name in ("host", "port") if name in server}
    program = "".join(f"{text}\nprint({_MARKER!r}, flush=True)\n" for text in texts)
    return _run([sys.executable, "-"], {**environment, **variables}, program, len(texts))


def _run(command: Sequence[str | Path], environment: Mapping[str, str], text: str, count: int) -> list[str]:
    done = subprocess.run(
        command,
        input=text,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
    )
    *outputs, rest = done.stdout.split(f"{_MARKER}\n")
    assert len(outputs) == count, f"example {len(outputs) + 1} ended everything:\n{rest}"
    return outputs


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
        return f"line {example.line}: prints\n{output}"

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
