"""The kinds of findings of a check: their names in `--json` and SARIF, and what each is about."""

from collections.abc import Mapping
from typing import Final

KINDS: Final[Mapping[str, str]] = {
    # files and manifest
    "files": "a folder that is no bundle: links, too much",
    "no-manifest": "a bundle without connector.yaml",
    "path": "a path that leads nowhere, in the bundle or in the contract",
    "stray-file": "a file that nothing reads",
    "encoding": "a file that is not UTF-8",
    "too-big": "more than is read: bytes, files, rows, steps",
    "from-later": "a manifest for a newer hub",
    "unknown-key": "a key that means nothing there",
    "missing-key": "a key that has to be there",
    "wrong-value": "a value of another kind, or out of its bounds",
    "name": "a name that is none, is another's, or names nothing",
    "name-clash": "two flows that take the same",
    "literal-secret": "a credential where a reference to a secret belongs",
    "unused": "a setting or a secret that nothing uses",
    "auth": "how the hub or the system proves who it is",
    "flow": "a flow of no kind, or of two; keys that its kind lacks or cannot have",
    "outcomes": "a row of an outcome table that makes no sense",
    "never-delivered": "a flow whose calls could never count as delivered",
    "delivery": "terms of delivery that contradict each other",
    "limits": "limits under which nothing, or nothing sensible, could be sent",
    "batch": "a flow that joins events, and a contract that does not allow it",
    "contract": "a contract that cannot be read, or a part that is not supported",
    # mapping
    "no-mapping": "a bundle without its mapping",
    "syntax": "text that is not Python",
    "not-allowed": "Python that a mapping may not use",
    "character": "a character that no mapping needs",
    "open-text": "a text that does not end",
    "escape": "an escape that no mapping needs",
    "number": "a number that is too long, or of a form that a mapping does not know",
    "too-deep": "expressions or calls inside each other without end",
    "hole": "a place that nobody has filled yet",
    "missing-flow": "a flow without its function",
    "unused-function": "a function that nothing calls",
    "unknown-field": "a field that a message, an event or a request does not have",
    "unknown-function": "a call of nothing",
    "unknown-name": "a name that is not defined",
    "unassigned": "a name that is assigned on some paths alone",
    "missing-field": "a required field that is not filled in",
    "filled-field": "a field that the adapter fills in",
    "may-be-absent": "a value that may be absent where one is required",
    "does-not-fit": "a value that does not go into its field",
    "not-total": "a code table that lacks codes that may come",
    "not-a-table": "a look-up in what is no table",
    "table": "a table with a row twice, or of two kinds",
    "choice": "more or less than one alternative of a choice",
    "wrong-literal": "a literal of a form that its function does not know",
    "not-literal": "an expression where a literal belongs",
    "wrong-arguments": "arguments that a function does not take",
    "wrong-parameters": "parameters that a flow does not give",
    "wrong-result": "a result that the flow may not return",
    "no-return": "a path that ends without a result",
    "unreachable": "lines that are never reached",
    "recursion": "functions that call themselves",
    "not-a-list": "going through what is no list",
    "not-boolean": "a test that is neither true nor false",
    "not-comparable": "a comparison of different kinds",
    "never-equal": "a comparison that can never hold",
    # cases and registration
    "case": "a case that cannot be read, or does not hold",
    "no-case": "a flow without a case",
    "registration": "an entry that its connector does not allow",
    "start": "a start that is neither the beginning, now, nor a time",
    "address": "an address that may not be called",
    "event-schema": "a schema of an event that the bundle brings",
    "upload": "an archive that is no bundle",
}


def meaning(code: str) -> str:
    """What a kind of finding is about; the code itself where it is not known here."""
    return KINDS.get(code, code.replace("-", " "))


def markdown() -> str:
    """ops/reference/connector-check.md."""
    lines = [
        "# What `hub connector check` finds",
        "",
        "Manifest, contract, mapping, code tables, cases, delivery rules, settings, secrets and",
        "limits are all looked at, and all that is wrong is told at once: where, what, and what to",
        "write instead. `--registration FILE/NAME` looks at an entry of registrations too. Nothing",
        "outside of the machine is asked. Registration over HTTP asks the same.",
        "",
        "* `--json`: one document, `{connector, ok, sha256, flows, cases, problems: [{at, code,",
        "  field, what, fix}]}`.",
        "* `--sarif`: [SARIF 2.1.0](https://docs.oasis-open.org/sarif/sarif/v2.1.0/), with the",
        "  codes below as rules; editors and build servers show it beside the lines.",
        "* Exit code 0: it may go live; 1: it may not; 2: wrong usage.",
        "",
        "`hub connector explain` shows which field comes from which, and which of it is personal;",
        "`hub schema check FILE.avsc` which lines of which connectors a changed event breaks.",
        "",
        "| code | what it is about |",
        "|---|---|",
    ]
    lines += [f"| `{code}` | {what} |" for code, what in KINDS.items()]
    return "\n".join(lines) + "\n"
