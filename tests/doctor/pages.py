"""The pages of the findings, which are the data of their tests too.

A page's section "How it leaks" begins with the ```sql block that makes the fault, run by the DBA, or by a superuser
where one of its first lines is `-- as a superuser`; `-- from PostgreSQL 17 on` and `-- before PostgreSQL 16` are such
lines too. A second block is an attack, run as the application in the context of tenant acme, with rows of tenant globex
in the database: it leaks if its last statement returns a row. The section "How to mend it" has a ```sql block where the
finding's remedy is a comment, or has `…` in it.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from tests.docs.pages import DOCS, blocks

FINDINGS = DOCS / "findings"
SECTIONS = ["How it leaks", "How to mend it", "When to ignore it"]


@dataclass(frozen=True)
class Page:
    """What the page of a code says.

    Attributes:
        code: as in `tenantry.doctor_codes`.
        title: the same.
        severity: the same.
        object: what the doctor names when the fault has been made.
        fault: SQL that makes it.
        role: who runs `fault` and the remedy: "dba", or "postgres" for a superuser.
        versions: the major versions of PostgreSQL that have the fault.
        attack: SQL that leaks, None where the page has none.
        mending: SQL that mends it, None where the doctor's remedy does.
        sections: the headings.
    """

    code: str
    title: str
    severity: str
    object: str
    fault: str
    role: str
    versions: range
    attack: str | None
    mending: str | None
    sections: list[str]


def read(path: Path) -> Page:
    """Read the page of a code."""
    text = path.read_text()
    head = re.match(r"# (TNT\d{3}): (.+)\n\n`(\w+)`, here of `(.+)`\n\n", text)
    assert head, f"{path.name} does not begin as pages of findings do"
    _, *parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    sections = dict(zip(parts[::2], parts[1::2], strict=True))
    leaks, mends = ([block.text for block, _ in blocks(sections.get(each, ""))] for each in SECTIONS[:2])
    code, title, severity, found = head.groups()
    conditions = re.findall(r"^-- (.+)\n", leaks[0], re.MULTILINE)
    since = [int(words.split()[2]) for words in conditions if words.startswith("from PostgreSQL ")]
    until = [int(words.split()[2]) for words in conditions if words.startswith("before PostgreSQL ")]
    return Page(
        code,
        title,
        severity,
        found,
        fault=leaks[0],
        role="postgres" if "as a superuser" in conditions else "dba",
        versions=range(*(since or [15]), *(until or [100])),
        attack=leaks[1] if len(leaks) > 1 else None,
        mending=mends[0] if mends else None,
        sections=list(sections),
    )


def codes() -> list[str]:
    """Return the codes that have a page."""
    return sorted(path.stem for path in FINDINGS.glob("TNT*.md"))
