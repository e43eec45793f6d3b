"""What an integrator may not write into an entry of their own connector: that takes an operator.

An entry decides which secret the hub reads and which address it calls. Who could name any file and
any address would be sent every secret of the hub, or look around in its network.
"""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from hub.registry.ledger import Entry
from hub.registry.problem import Problem

PREFIXES = ("env:", "env:HUB_")  # of a variable that bears the connector's name
ASK = "ask an operator to register it"


def beyond_owner(connector: str, entry: Entry, known: Entry, home: Path) -> Iterator[Problem]:
    """What only an operator may register, where it does not stand in `known`, the present entry.

    A secret of one's own is a variable NAME_… (or HUB_NAME_…) of the connector's name in capitals,
    or a file under `<home>/secrets/<connector>/`. `home`: HUB_HOME.
    """
    for network in _texts(entry.get("allow_addresses")):
        if network not in _texts(known.get("allow_addresses")):
            what = f"{network[:50]} is not public, and an integrator cannot allow it"
            yield Problem("entry.allow_addresses", what, ASK, code="operator")
    secrets, before = entry.get("secrets"), known.get("secrets")
    for key, reference in (secrets if isinstance(secrets, dict) else {}).items():
        stands = isinstance(before, dict) and before.get(key) == reference
        if not stands and not _own(str(reference), connector, home):
            fix = f"name it env:{connector.upper()}_…, put it into a file of secrets/{connector}/"
            what = f"secret '{key}' is none of {connector}'s own"
            yield Problem(f"entry.secrets.{key}", what, f"{fix}, or {ASK}", code="operator")


def _own(reference: str, connector: str, home: Path) -> bool:
    if reference.startswith("env:"):
        return reference.startswith(tuple(f"{p}{connector.upper()}_" for p in PREFIXES))
    path = PurePosixPath(reference.removeprefix("file:"))
    folder = PurePosixPath(home) / "secrets" / connector
    return ".." not in path.parts and path.is_relative_to(folder) and path != folder


def _texts(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else []
