"""Options of the form NAME=VALUE, several of them."""

from collections.abc import Sequence

from hub.cli.output import Usage
from hub.registry.yaml_file import Plain, read_yaml


def values(given: Sequence[str] | None, option: str) -> dict[str, Plain]:
    """By name, each value as YAML writes it: 5 is a number, [a, b] a list.

    Raises Usage for one without `=`, Reject for a value that YAML does not read.
    """
    found: dict[str, Plain] = {}
    for text in given or ():
        name, sign, value = text.partition("=")
        if not sign or not name:
            raise Usage(f"'{text}' is not NAME=VALUE", option, f"write {option} NAME=VALUE")
        found[name] = read_yaml(value.encode(), f"{option} {name}").value
    return found
