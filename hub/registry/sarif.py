"""Findings as SARIF 2.1.0, the form that editors and build servers show beside the source.

Source: OASIS, Static Analysis Results Interchange Format 2.1.0 (2020-03-27), 3.13 to 3.31.
"""

import re
from collections.abc import Sequence
from urllib.parse import quote

from hub.contract.types import Document, Value
from hub.registry.findings import meaning
from hub.registry.problem import Problem

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_PLACE = re.compile(r"([^:,#]+?)(?::(\d+)(?::(\d+))?)?(?:(?:, | #).*)?")
_GENERAL = "problem"  # the rule of a finding without a code
_DEEPEST = 2**31 - 1  # lines that are numbers to every reader


def sarif(problems: Sequence[Problem], root: str) -> Document:
    """One run with these findings. `root`: the bundle's folder, as an address ending in "/"."""
    codes = sorted({problem.code or _GENERAL for problem in problems})
    rules: list[Value] = [
        {"id": code, "shortDescription": {"text": meaning(code)}} for code in codes
    ]
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "hub connector check", "rules": rules}},
                "columnKind": "unicodeCodePoints",
                "originalUriBaseIds": {"BUNDLE": {"uri": root}},
                "results": [_result(problem, codes) for problem in problems],
            }
        ],
    }


def _result(problem: Problem, codes: list[str]) -> Document:
    code = problem.code or _GENERAL
    subject = f"{problem.field}: " if problem.field and problem.field not in problem.what else ""
    remedy = f"\n{problem.fix}" if problem.fix else ""
    return {
        "ruleId": code,
        "ruleIndex": codes.index(code),
        "level": "error",
        "message": {"text": f"{subject}{problem.what}{remedy}"},
        "locations": [{"physicalLocation": _location(problem.at)}],
    }


def _location(at: str) -> Document:
    """`mapping.py:14:15` as a place in a file; what names no file is the manifest's."""
    match = _PLACE.fullmatch(at)
    name, line, column = match.groups() if match else (at, None, None)
    found: Document = {"artifactLocation": {"uri": _address(name), "uriBaseId": "BUNDLE"}}
    if line is not None:
        region: Document = {"startLine": min(max(1, int(line)), _DEEPEST)}
        if column is not None:
            region["startColumn"] = min(max(1, int(column)), _DEEPEST)
        found["region"] = region
    return found


def _address(name: str) -> str:
    """A relative path as a relative address (RFC 3986)."""
    return quote(name.strip())
