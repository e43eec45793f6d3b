"""What the connectors that are there teach about a new one: names that mean the same, and keys."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from hub.errors import Reject
from hub.mapping.likeness import NO_SYNONYMS, Synonyms, folded, synonyms_of
from hub.registry.manifest import Manifest
from hub.registry.manifest_words import words
from hub.registry.shape import decode
from hub.registry.yaml_file import read_yaml

_KEYS: Final = frozenset({"idempotencykey", "xidempotencykey"})
MANIFEST: Final = "connector.yaml"


@dataclass(frozen=True, slots=True)
class Learnt:
    """Folded names of fields.

    `keys`: of requests, into which the hub's own key goes. `identities`: those that tell one
    received item from another.
    """

    synonyms: Synonyms = field(default_factory=lambda: NO_SYNONYMS)
    keys: frozenset[str] = _KEYS
    identities: frozenset[str] = _KEYS


def learn(bundles: Iterable[Mapping[str, bytes]]) -> Learnt:
    """From the files of connectors; one that cannot be read teaches nothing."""
    sources: list[str] = []
    keys, identities = set(_KEYS), set(_KEYS)
    for files in bundles:
        try:
            manifest = decode(read_yaml(files.get(MANIFEST, b""), MANIFEST), Manifest)
        except Reject:
            continue
        sources.append(files.get(manifest.mapping, b"").decode("utf-8", "replace"))
        fill = manifest.outbound.fill.items()
        keys |= {folded(path.rpartition(".")[2]) for path, value in fill if value == "$key"}
        for flow in manifest.flows.values():
            if flow.identity != "function":
                identities |= {folded(path.rpartition(".")[2]) for path in words(flow.identity)}
    return Learnt(synonyms_of(sources), frozenset(keys), frozenset(identities))
