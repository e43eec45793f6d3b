"""Which source addresses may call: a list of networks, asked before anything else is read."""

from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from adapters.http.messages import Refusal
from hub.errors import Halt

REMEMBERED = 1_024  # addresses; a system calls from a handful


def compile_addresses(networks: Sequence[str] | None) -> Callable[[str], bool]:
    """Whether an address ("203.0.113.7", "::ffff:203.0.113.7") is in one of the CIDR blocks.

    None admits every address, an empty list none. Raises Halt for a text that is no network.
    """
    if networks is None:
        return lambda _: True
    try:
        admitted = tuple(ip_network(text) for text in networks)
    except ValueError as error:
        raise Halt(
            f"a source address is no network: {error}",
            where="inbound.addresses",
            fix='write blocks such as "203.0.113.0/24"',
        ) from error
    known: dict[str, bool] = {}

    def admits(peer: str) -> bool:
        found = known.get(peer)
        if found is None:
            address = _read(peer)
            found = address is not None and any(address in block for block in admitted)
            if len(known) >= REMEMBERED:
                known.clear()
            known[peer] = found
        return found

    return admits


def wrong_address() -> Refusal:
    """The answer to a caller whose address is not on the list."""
    return Refusal(401, "denied", "Calls from this address are not accepted")


def _read(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address
