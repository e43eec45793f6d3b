"""Where a registration says that its system stands, looked at before anything calls there.

This is for people: a mistake is told at once, in the words of the entry. What protects is the same
rule at each connection (adapters.http.reach), because a name can mean another address tomorrow.
"""

from collections.abc import Iterator, Mapping, Sequence

from adapters.http.endpoint import host_of
from adapters.http.reach import reach
from hub.errors import Halt
from hub.registry.misfits import Misfit
from hub.registry.yaml_file import Plain

PLACE = "allow_addresses"


def address_misfits(
    endpoint: str,
    allowed: Sequence[str],
    auth: Sequence[Mapping[str, Plain]],
    settings: Mapping[str, Plain],
) -> Iterator[Misfit]:
    """What is wrong with `allowed`, the endpoint, and the addresses that give its tokens."""
    bad = False
    for index, text in enumerate(allowed):
        try:
            reach((text,))
        except Halt as error:
            bad = True
            yield Misfit((PLACE, index), f"{PLACE}: {error.what}", error.fix)
    if bad:
        return
    yield from _misfit(("endpoint",), "endpoint", endpoint, allowed)
    for one in auth:
        url = one.get("token_url")
        key = str(url).removeprefix("$setting.")
        value = settings.get(key) if key != url else url
        if isinstance(value, str) and "://" in value:
            yield from _misfit(("settings", key), "token_url", value, allowed)


def _misfit(path: tuple[str, ...], what: str, url: str, allowed: Sequence[str]) -> Iterator[Misfit]:
    try:
        kind = reach(tuple(allowed)).refusal_of_host(host_of(url))
    except Halt:  # 0177.0.0.1 is one of those that no client of ours even tries
        fix = "write the host's name, or its address as four decimal numbers"
        yield Misfit(path, f"{what} has a host that cannot be called", fix, "address")
        return
    if kind is not None:
        fix = f"correct it; if the system does stand there, write {PLACE}: [NETWORK] into the entry"
        yield Misfit(path, f"{what} is an address that is {kind}", fix, "address")
