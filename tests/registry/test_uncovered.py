"""What no registration serves, by the registrations alone."""

from hub.intake.served import Want
from hub.registry.event_types import Events
from hub.registry.ledger import Entry, Ledger, Registered
from hub.registry.live import Landscape
from hub.registry.uncovered import Uncovered, agencies_of, uncovered


def want(
    kind: str, connector: str, registration: str | None = None, *agencies: str, serves: str = ""
) -> Want:
    return Want(kind, connector, registration, serves or None, frozenset(agencies))


def test_an_event_that_only_a_connector_without_registration_takes_is_named() -> None:
    wants = [want("filed", "portal", "portal"), want("posted", "postal"), want("posted", "express")]
    assert [*uncovered(wants, [])] == [Uncovered("posted", ("express", "postal"))]


def test_an_agency_that_no_registration_of_the_kind_names_is_named() -> None:
    wants = [
        want("posted", "postal", "north", "H44", serves="agency_code"),
        want("posted", "express", "south", "H62", serves="agency_code"),
        want("paid", "bank", "bank", "H44", serves="agency_code"),
    ]
    assert [*uncovered(wants, ["H44", "H62", "H99"])] == [
        Uncovered("paid", ("bank",), ("H62", "H99")),
        Uncovered("posted", ("express", "postal"), ("H99",)),
    ]


def test_a_flow_for_all_does_not_stand_in_for_one_by_agency() -> None:
    wants = [want("posted", "archive", "archive"), want("posted", "postal", serves="agency_code")]
    assert [*uncovered(wants, ["H44"])] == [Uncovered("posted", ("postal",))]


def test_where_all_is_served_nothing_is_named() -> None:
    wants = [want("posted", "postal", "north", "H44", serves="agency_code")]
    assert [*uncovered(wants, ["H44"])] == []


def test_an_agency_stays_known_when_its_registration_is_retired() -> None:
    then: Entry = {"agencies": ["H62"]}
    was = Registered("south", "postal", "b", then, "live", 1, "An", 0).now
    now = Registered("south", "postal", "b", {"agencies": 7}, "retired", 2, "An", 0, before=(was,))
    nothing = Landscape({}, (), frozenset(), {}, Events({}, {}))
    assert agencies_of(nothing, Ledger({"south": now})) == {"H62"}
