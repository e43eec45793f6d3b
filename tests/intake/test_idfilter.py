"""The filter's one promise: "no" is certain."""

from uuid import NAMESPACE_OID, uuid5

from hub.intake.idfilter import IdFilter

IDS = [uuid5(NAMESPACE_OID, str(number)).bytes for number in range(20_000)]


def test_what_was_added_is_never_denied_and_little_else_is_suspected() -> None:
    ids = IdFilter()
    for key in IDS[:10_000]:
        ids.add(key)
    assert all(ids.may_hold(key) for key in IDS[:10_000])
    assert sum(ids.may_hold(key) for key in IDS[10_000:]) < 10
