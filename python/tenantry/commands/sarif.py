"""A diagnosis as SARIF 2.1.0, the form that code scanning services read."""

from __future__ import annotations

from typing import Any

from .. import __version__
from ..findings import Diagnosis, Finding, Rule
from .baseline import Baseline

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

_Json = dict[str, Any]


def to_sarif(diagnosis: Diagnosis, baseline: Baseline | None, location: str) -> _Json:
    """Return a SARIF log with one run.

    Args:
        diagnosis: what was found.
        baseline: findings in it are marked as suppressed, with their reason.
        location: path of a file, relative to the repository's root, to pin the findings to: services such as GitHub
            refuse a finding that is in no file.
    """
    indices = {rule.code: index for index, rule in enumerate(diagnosis.rules)}
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "tenantry doctor",
                        "version": __version__,
                        "rules": [_rule(rule) for rule in diagnosis.rules],
                    }
                },
                "automationDetails": {"id": f"tenantry-doctor/{diagnosis.database}"},
                "columnKind": "unicodeCodePoints",
                "results": [
                    _result(finding, indices, baseline, location, diagnosis.database) for finding in diagnosis.findings
                ],
            }
        ],
    }


def _rule(rule: Rule) -> _Json:
    return {
        "id": rule.code,
        "shortDescription": {"text": rule.title},
        "help": {"text": f"{rule.title}. {rule.page} tells how it leaks and how to mend it."},
        "defaultConfiguration": {"level": rule.severity},
        "properties": {"tags": ["security", "multi-tenancy"], "page": rule.page},
    }


def _result(
    finding: Finding, indices: dict[str, int], baseline: Baseline | None, location: str, database: str
) -> _Json:
    result: _Json = {
        "ruleId": finding.code,
        "level": finding.severity,
        "message": {"text": f"{finding.object}: {finding.detail}\n\nRemedy:\n{finding.remedy}"},
        "locations": [
            {
                "physicalLocation": {"artifactLocation": {"uri": location}, "region": {"startLine": 1}},
                "logicalLocations": [{"name": finding.object, "fullyQualifiedName": f"{database}/{finding.object}"}],
            }
        ],
        # GitHub follows a finding from run to run by the first of these alone.
        "partialFingerprints": {"primaryLocationLineHash": finding.fingerprint, "finding/v1": finding.fingerprint},
    }
    if finding.code in indices:
        result["ruleIndex"] = indices[finding.code]
    if baseline is not None:
        result["suppressions"] = []
        if finding in baseline:
            suppression = {"kind": "external"}
            if reason := baseline.reason(finding):
                suppression["justification"] = reason
            result["suppressions"].append(suppression)
    return result
