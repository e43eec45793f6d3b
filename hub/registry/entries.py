"""What registrations a file names, each for itself: a wrong one does not hide the others."""

from collections.abc import Mapping
from pathlib import Path

from hub.errors import Halt, Reject
from hub.registry.ledger import Entry, Registered
from hub.registry.problem import Problem
from hub.registry.registration import RegistrationEntry, read_registrations
from hub.registry.shape import decode
from hub.registry.yaml_file import in_memory, read_yaml


def read_entries(file: Path) -> tuple[list[RegistrationEntry], dict[str, list[Problem]]]:
    """The entries that can be read, and by name what is wrong with the others.

    There are none without a file. Raises Halt where the file as a whole cannot be read.
    """
    if not file.exists():
        return [], {}
    try:
        return read_registrations(read_yaml(file.read_bytes(), file.name))
    except Reject as error:
        raise Halt(error.what, where=error.where, fix=error.fix) from error


def registered(file: Path) -> frozenset[str]:
    """The names of all registrations, whether they are right or not; none without a file.

    Raises Halt where the file as a whole cannot be read.
    """
    return names_of(*read_entries(file))


def names_of(entries: list[RegistrationEntry], bad: Mapping[str, object]) -> frozenset[str]:
    """Their names, right or wrong."""
    return frozenset(entry.name or entry.connector for entry in entries) | bad.keys()


def entry_of(registered: Registered) -> RegistrationEntry:
    """Its entry, as one is read from registrations.yaml. Raises Reject naming what is wrong."""
    return read_entry(registered.name, registered.connector, registered.entry)


def read_entry(name: str, connector: str, entry: Entry) -> RegistrationEntry:
    """The entry of the registration `name` of that connector; it need not repeat either.

    Raises Reject for keys that are none, values of another type, another name or connector.
    """
    whole: Entry = {"name": name, "connector": connector, **entry}
    found = decode(in_memory(place_of(name), whole), RegistrationEntry)
    for key, wanted in (("name", name), ("connector", connector)):
        if (said := getattr(found, key)) != wanted:
            what = f"{key} is '{said}', but this is the registration of '{wanted}'"
            raise Reject(what, where=place_of(name), code="registration")
    return found


def place_of(name: str) -> str:
    """How a problem of a registration says where it is."""
    return f"registration '{name}'"
