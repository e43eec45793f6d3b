"""Where each field comes from: small mappings by hand, and the real ones against what they read."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from hub.contract.types import Field, ListOf, Record, Text
from hub.mapping.lineage import Lineage
from hub.mapping.program import FlowSignature, Program, lineages
from hub.registry.bundle import Bundle, settings_record
from hub.registry.cases import run_cases
from hub.registry.signatures import Sides, signatures
from tests.connectors.connector_kit import CONNECTORS, bundle
from tests.landscape import events

PERSON = Record("Person", (Field("name", Text(), pii="p"), Field("born", Text(), pii="n")))
DOC = Record(
    "Doc",
    (
        Field("code", Text(), pii="n"),
        Field("kind", Text(), pii="n"),
        Field("note", Text(), required=False, pii="s"),
        Field("owner", PERSON),
        Field("people", ListOf(PERSON)),
    ),
)
OUT = Record(
    "Out",
    (
        Field("code", Text()),
        Field("words", ListOf(Text()), required=False),
        Field("note", Text(), required=False),
        Field("owner", PERSON, required=False),
    ),
)
SETTINGS = Record("setting", (Field("greeting", Text()),))


def traced(body: str) -> Lineage:
    """The lineage of `def told(doc)` with this body, one record or several."""
    flow = FlowSignature(
        name="told",
        parameters=(DOC,),
        results={"Out": OUT},
        result_names={"Out": "out.v1.Out"},
        constructors={"Out": OUT, "Person": PERSON},
        many=True,
        types={},
    )
    (found,) = lineages(body, "mapping.py", [flow], SETTINGS)
    return found


def shown(lineage: Lineage) -> dict[str, tuple[str, str]]:
    return {
        line.field.path: (
            " ".join(m.path for m in line.sources),
            " ".join(m.path for m in line.decided_by),
        )
        for line in lineage.lines
    }


@pytest.mark.parametrize(
    ("body", "lines"),
    [
        ("return Out(code=doc.code)", {"code": ("doc.code", "")}),
        ('return Out(code="x")', {"code": ("", "")}),
        ("return Out(code=setting.greeting)", {"code": ("setting.greeting", "")}),
        (
            "who = doc.owner\n    return Out(code=who.name)",
            {"code": ("doc.owner.name", "")},
        ),
        (
            'return Out(code=doc.owner.name if doc.kind == "1" else doc.code)',
            {"code": ("doc.code doc.owner.name", "doc.kind")},
        ),
        (
            'return Out(code=f"{doc.code}{doc.owner.born}", note=default(doc.note, ""))',
            {"code": ("doc.code doc.owner.born", ""), "note": ("doc.note", "")},
        ),
        (
            'return Out(code=doc.code, words=[p.name for p in doc.people if p.born != ""])',
            {"code": ("doc.code", ""), "words": ("doc.people.name", "doc.people.born")},
        ),
        (
            "return Out(code=code(TABLE, doc.kind, otherwise=doc.code))",
            {"code": ("doc.code doc.kind", "")},
        ),
        (
            "return Out(code=doc.code, owner=doc.owner)",
            {"code": ("doc.code", ""), "owner": ("doc.owner.born doc.owner.name", "")},
        ),
        (
            "return Out(code=doc.code, owner=Person(name=doc.owner.name, born=doc.kind))",
            {
                "code": ("doc.code", ""),
                "owner.name": ("doc.owner.name", ""),
                "owner.born": ("doc.kind", ""),
            },
        ),
        (
            "return Out(code=pick(doc.owner, doc.code))",
            {"code": ("doc.code doc.owner.name", "doc.owner.born")},
        ),
        (
            ('if doc.kind == "1":\n        x = doc.code\n    else:\n        x = doc.owner.name\n'
            "    return Out(code=x)"),
            {"code": ("doc.code doc.owner.name", "doc.kind")},
        ),
    ],
)  # fmt: skip
def test_a_field_comes_from_what_its_expression_reads(
    body: str, lines: dict[str, tuple[str, str]]
) -> None:
    helper = (
        'def pick(who, other):\n    """One of two."""\n'
        '    if who.born == "":\n        return other\n    return who.name\n'
    )
    used = helper if "pick(" in body else ""
    found = traced(f'TABLE = {{"1": "A"}}\n\n\ndef told(doc):\n    {body}\n\n\n{used}')
    assert shown(found) == lines
    assert all(line.record == "out.v1.Out" for line in found.lines)


def test_what_decides_whether_anything_is_told_is_named_by_itself() -> None:
    found = traced(
        'def told(doc):\n    if doc.kind == "9":\n        return None\n'
        "    return Out(code=doc.code)\n"
    )
    assert [m.path for m in found.decided_by] == ["doc.kind"]
    assert shown(found) == {"code": ("doc.code", "")}


def test_a_line_has_the_highest_class_of_its_field_and_its_sources() -> None:
    found = traced(
        "def told(doc):\n    return Out(code=doc.code, note=doc.note, owner=doc.owner)\n"
    )
    assert {line.field.path: line.pii for line in found.lines} == {
        "code": "n",
        "note": "s",
        "owner": "p",
    }


# ---- the real connectors: what they read when their cases run is what is told


class Watched(dict[str, object]):
    """A record that remembers which of its fields were looked at."""

    def __init__(self, value: dict[str, object], path: str, seen: set[str]) -> None:
        super().__init__({k: watched(v, f"{path}.{k}", seen) for k, v in value.items()})
        self.path, self.seen = path, seen

    def __getitem__(self, key: str) -> object:
        self.seen.add(f"{self.path}.{key}")
        return super().__getitem__(key)

    def get(self, key: str, default: object = None) -> object:
        self.seen.add(f"{self.path}.{key}")
        return super().get(key, default)


def watched(value: object, path: str, seen: set[str]) -> object:
    if isinstance(value, dict):
        return Watched(value, path, seen)
    if isinstance(value, list):
        return [watched(item, path, seen) for item in value]
    return value


def watching(found: Bundle, names: dict[str, list[str]], seen: dict[str, set[str]]) -> Bundle:
    """The bundle, with every function's inputs watched."""

    def wrapped(name: str, run: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: object) -> object:
            roots = [*names[name], "setting"]
            given = [
                watched(argument, roots[i], seen.setdefault(name, set()))
                if i < len(roots)
                else argument
                for i, argument in enumerate(arguments)
            ]
            return run(*given)

        return call

    flows = {
        key: replace(flow, run=wrapped(key[0], flow.run))  # type: ignore[arg-type]  # what it gives is passed on
        for key, flow in found.program.flows.items()
    }
    return replace(found, program=Program(found.program.file, flows))


def lineages_of(found: Bundle) -> tuple[Lineage, ...]:
    source = found.files["mapping.py"].decode()
    sides = Sides(found.inbound, found.outbound, events().records, events().full_names)
    flows = [f for f in signatures(found.manifest, sides, source) if isinstance(f, FlowSignature)]
    return lineages(source, "mapping.py", flows, settings_record(found.manifest))


@pytest.mark.parametrize("name", sorted(file.parent.name for file in CONNECTORS.glob("*/*.yaml")))
def test_every_field_that_a_case_makes_a_mapping_read_is_told(name: str) -> None:
    found = bundle(name)
    told: dict[str, set[str]] = {}
    for lineage in lineages_of(found):
        told.setdefault(lineage.flow, set()).update(lineage.reads)
    source = found.files["mapping.py"].decode()
    defined = re.findall(r"^def (\w+)\(([^()]*)\)", source, re.MULTILINE)
    parameters = {name: re.findall(r"\w+", given) for name, given in defined}
    seen: dict[str, set[str]] = {}
    results = run_cases(watching(found, parameters, seen))
    assert not [result for result in results if result.difference]
    assert sum(map(len, seen.values())) > 10
    for flow, paths in seen.items():
        for path in paths:
            inner = any(known == path or known.startswith(f"{path}.") for known in told[flow])
            outer = any(path.startswith(f"{known}.") for known in told[flow])
            assert inner or outer, f"{flow} reads {path}"
