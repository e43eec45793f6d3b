"""A control plane that dies before any one of its writes leaves nothing or all behind."""

from collections.abc import Callable

import pytest

from hub.delivery.starting import group_of
from hub.records import Outgoing
from hub.registry.control.acts import Book
from hub.registry.control.keeping import open_keeping
from hub.registry.control.opening import owe_missing
from hub.registry.control.wishes import Turn, Wish
from hub.registry.ledger import Ledger
from tests.registry.control.desk_kit import ENTRY, FILES, Plane
from tests.registry.control.test_control_door import certificate

pytestmark = pytest.mark.process
WRITES = range(4)  # certificate, registration, act; one more than there are


class CrashError(BaseException):
    """The process is no more: nothing of it may catch this."""


def crash_before(write: int) -> Callable[[Outgoing], bool]:
    left = [write]

    def refuse(_: Outgoing) -> bool:
        if not left[0]:
            raise CrashError
        left[0] -= 1
        return False

    return refuse


def begun_again(plane: Plane) -> Ledger:
    """What the next process finds, once it has told what the last one did not."""
    plane.broker.refuse = lambda _: False
    with open_keeping(plane.broker) as keeping:
        book = Book(plane.broker.writer(), plane.codec.encode)
        owe_missing(plane.broker, keeping, book)
        book.settle()
        return keeping.fresh()


def told(plane: Plane) -> list[str]:
    return [kind for kind, *_ in plane.acts() if kind != "BUNDLE_KEPT"]


@pytest.mark.parametrize("write", WRITES)
def test_a_registration_is_there_whole_or_not_at_all(plane: Plane, write: int) -> None:
    signed = certificate()
    assert isinstance(signed, dict)
    wish = Wish(0, plane.upload(), ENTRY, "as agreed", signed)
    plane.broker.refuse = crash_before(write)
    died = False
    try:
        plane.desk.register("north", wish, "an")
    except CrashError:
        died = True
    found = begun_again(plane)
    assert died == (write < WRITES[-1])
    if write <= 1:
        assert (found.registrations, told(plane)) == ({}, [])
        return
    made = found.registrations["north"]
    assert (made.version, made.state) == (1, "live")
    assert found.bundles[made.bundle] == FILES
    assert (made.bundle, made.certificate) in found.certificates
    assert plane.broker.committed(group_of("north"))
    assert told(plane) == ["REGISTERED"]


@pytest.mark.parametrize("write", range(2))
def test_a_step_is_done_and_told_or_neither(plane: Plane, write: int) -> None:
    plane.register()
    plane.broker.refuse = crash_before(write)
    with pytest.raises(CrashError):
        plane.desk.turn("north", "pause", Turn(1, "floods"), "an")
    found = begun_again(plane).registrations["north"]
    assert (found.state, told(plane)) == (
        ("paused", ["REGISTERED", "PAUSED"]) if write else ("live", ["REGISTERED"])
    )
