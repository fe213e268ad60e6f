"""The baseline: a file of findings that are known and accepted for now, kept with the project's code.

    {"version": 1, "findings": [{"code": "TNT302", "object": "public.notes", "detail": "…", "reason": "…"}]}

`reason` is for people; it is kept when the file is written again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..findings import Finding
from .shell import CommandError

_VERSION = 1
_Key = tuple[str, str, str]


def _key(finding: Finding) -> _Key:
    return finding.code, finding.object, finding.detail


@dataclass(frozen=True)
class Baseline:
    """Accepted findings, by code, object and detail; each with the reason that somebody wrote, or nothing."""

    reasons: Mapping[_Key, str]

    def __contains__(self, finding: Finding) -> bool:
        return _key(finding) in self.reasons

    def reason(self, finding: Finding) -> str:
        """Return why a finding is accepted; empty where nobody said."""
        return self.reasons.get(_key(finding), "")

    def gone(self, findings: Iterable[Finding]) -> int:
        """Return how many entries are found no more."""
        return len(self.reasons.keys() - {_key(finding) for finding in findings})


def read_baseline(path: Path) -> Baseline:
    """Read a baseline.

    Raises:
        CommandError: the file is not there, or is no baseline.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["version"] != _VERSION:
            raise CommandError(f"{path} is a baseline of version {document['version']}; this program knows {_VERSION}")
        return Baseline(
            {(each["code"], each["object"], each["detail"]): each.get("reason", "") for each in document["findings"]}
        )
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}; --write-baseline makes one") from None
    except (ValueError, TypeError, KeyError, AttributeError):
        raise CommandError(f"{path} is no baseline; --write-baseline makes one") from None


def write_baseline(path: Path, findings: Iterable[Finding]) -> None:
    """Write the findings as the new baseline, with the reasons that an older one gives.

    Raises:
        CommandError: the file cannot be written, or what is there is no baseline.
    """
    older = read_baseline(path) if path.exists() else Baseline({})
    entries = []
    for finding in sorted(set(findings), key=_key):
        entry = {"code": finding.code, "object": finding.object, "detail": finding.detail}
        if reason := older.reason(finding):
            entry["reason"] = reason
        entries.append(entry)
    text = json.dumps({"version": _VERSION, "findings": entries}, indent=2, ensure_ascii=False)
    try:
        path.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}") from None
