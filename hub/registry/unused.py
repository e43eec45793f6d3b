"""Settings and secrets that a manifest declares and nothing uses: misspelt somewhere, or left over.

A registration would have to give them, and whoever gives one thinks that it does something.
"""

import re
from collections.abc import Iterator

from hub.registry.manifest import Manifest
from hub.registry.problem import Problem
from hub.registry.yaml_file import Plain, YamlFile

_IN_MAPPING = re.compile(r"\bsetting\.(\w+)")
_IN_MANIFEST = re.compile(r"\$(setting|secret)\.(\w+)")


def unused_problems(manifest: Manifest, yaml: YamlFile, source: str) -> Iterator[Problem]:
    """What neither the manifest nor the mapping, whose text is `source`, mentions."""
    used = {("setting", name) for name in _IN_MAPPING.findall(source)}
    used |= set(_mentions(yaml.value))
    for kind, declared in (("setting", manifest.settings), ("secret", manifest.secrets)):
        for name in declared:
            if (kind, name) not in used:
                place = yaml.place((f"{kind}s", name))
                where = "manifest or mapping" if kind == "setting" else "the manifest"
                what = f"{kind}s.{name} is used by nothing in {where}"
                fix = f"use it as ${kind}.{name}, or take it out"
                yield Problem(place, what, fix, f"{kind}s.{name}", code="unused")


def _mentions(value: Plain) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _mentions(inner)
    elif isinstance(value, str):
        yield from _IN_MANIFEST.findall(value)
