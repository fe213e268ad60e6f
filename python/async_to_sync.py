"""Write the synchronous client, and its tests, from the asynchronous ones.

python python/async_to_sync.py           writes what has changed
python python/async_to_sync.py --check   writes nothing, and fails when something should be written
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = {
    "python/tenantry/_async": "python/tenantry/_sync",
    "tests/client/asynchronous": "tests/client/synchronous",
}
HAND_WRITTEN = {"__init__.py", "_compat.py"}

RULES = [
    (r"\b(Abstract|)Async(?=[A-Z])", r"\1"),
    (r"\basync (?=def\b|with\b|for\b)", ""),
    (r"\bawait ", ""),
    (r"\b__a(enter|exit)__\b", r"__\1__"),
    (r"\basynchronous\b", "synchronous"),
    (r"\b_async\b", "_sync"),
]


def convert(text: str) -> str:
    """Return the synchronous form of a module's text."""
    for pattern, replacement in RULES:
        text = re.sub(pattern, replacement, text)
    return text


def outdated(root: Path) -> Iterator[tuple[Path, str]]:
    """Yield each generated file under `root` that is not what its source gives, with the text that it should have."""
    for source_folder, target_folder in FOLDERS.items():
        names = {file.name for folder in (source_folder, target_folder) for file in (root / folder).glob("*.py")}
        for name in sorted(names - HAND_WRITTEN):
            source, target = root / source_folder / name, root / target_folder / name
            header = f"# Generated from {source_folder}/{name} by python/async_to_sync.py: edit that.\n"
            text = header + "# fmt: off\n# ruff: noqa\n" + convert(source.read_text())
            if not target.exists() or target.read_text() != text:
                yield target, text


def main() -> int:
    check = sys.argv[1:] == ["--check"]
    found = list(outdated(ROOT))
    for target, text in found:
        print(target.relative_to(ROOT))
        if not check:
            target.write_text(text)
    return int(check and bool(found))


if __name__ == "__main__":
    sys.exit(main())
