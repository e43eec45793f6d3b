"""The control plane's door: what an integrator does, and every refusal that changes nothing."""

import json
from collections.abc import Callable
from io import BytesIO
from zipfile import ZipFile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from hub.delivery.starting import group_of
from hub.records import Outgoing
from hub.registry.bundle_files import LARGEST, digest_of
from hub.registry.certificates import Certificate, Clause, sign
from hub.registry.control.seeds import Seed
from hub.registry.following import SPOT
from hub.registry.ledger import Ledger, Registered, fold
from hub.registry.upload import ARCHIVE_BYTES, packed
from hub.topics import DOSSIER
from tests.registry.control.desk_kit import ARCHIVE, ENTRY, FILES, KEY, Plane

pytestmark = pytest.mark.process
SHA256 = digest_of(FILES)


def changed(files: dict[str, bytes], name: str, old: bytes, new: bytes) -> bytes:
    assert old in files[name]
    return packed({**files, name: files[name].replace(old, new, 1)})


def certificate(bundle: str = SHA256, hub: str = "here", *more: Clause) -> object:
    said = Certificate(
        certificate=2,
        hub=hub,
        connector="postal",
        bundle=bundle,
        files={},
        endpoint="http://127.0.0.1:9",
        entry="",
        clauses=[Clause("order", "happy-path", "passed"), *more],
        version="1",
        at="1970-01-01T00:00:00+00:00",
        by="an",
    )
    return json.loads(sign(said, KEY))


def ledger(plane: Plane) -> Ledger:
    return fold(Ledger(), plane.broker.since(SPOT, 0))


def test_from_an_archive_to_a_live_registration(plane: Plane) -> None:
    status, report = plane.ask("POST", "/bundles/check", body=ARCHIVE)
    assert (status, report["connector"], report["bundle"], report["cases"]) == (
        200,
        "postal",
        SHA256,
        9,
    )
    assert ledger(plane) == Ledger()
    bundle = plane.upload()
    wish = plane.wish(bundle=bundle)
    status, tried = plane.ask("POST", "/registrations/north/check", json=wish)
    assert (status, tried["state"], ledger(plane).registrations) == (200, "live", {})
    status, made = plane.ask("PUT", "/registrations/north", json=wish)
    assert (status, made["state"], made["version"], made["by"]) == (201, "live", 1, "an")
    assert ledger(plane).registrations["north"].entry == ENTRY
    assert plane.ask("GET", "/registrations/north") == (200, made)
    assert plane.ask("GET", "/registrations")[1][0]["name"] == "north"
    assert plane.acts() == [
        ("BUNDLE_KEPT", "postal", "an", ""),
        ("REGISTRATION_TRIED", "north", "an", ""),
        ("REGISTERED", "north", "an", "as agreed"),
    ]


def test_what_a_bundle_brings_is_registered_before_it_is_live(plane: Plane) -> None:
    plane.upload()
    assert plane.brought == [], "an upload alone is no registration"
    plane.register()
    assert [set(files) for files in plane.brought] == [set(FILES)]


def test_a_bundle_comes_back_as_it_was_sent(plane: Plane) -> None:
    assert plane.ask("GET", f"/bundles/{plane.upload()}")[1] == packed(FILES)


def test_steps_and_the_way_back_are_history(plane: Plane) -> None:
    plane.register()
    for on, step in enumerate(["pause", "resume"], start=1):
        turn = {"on": on, "reason": f"{step} it"}
        assert plane.ask("POST", f"/registrations/north/{step}", json=turn)[0] == 200
    second = {**ENTRY, "endpoint": "http://127.0.0.1:10"}
    plane.register(on=3, entry=second)
    turn = {"on": 4, "reason": "it was wrong"}
    status, back = plane.ask("POST", "/registrations/north/rollback", json=turn)
    assert (status, back["entry"], back["version"]) == (200, ENTRY, 5)
    status, found = plane.ask("GET", "/registrations/north/history")
    assert [row["did"] for row in found] == ["rollback", "register", "resume", "pause", "register"]
    turn = {"on": 5, "reason": "no longer used"}
    assert plane.ask("POST", "/registrations/north/retire", json=turn)[1]["state"] == "retired"
    kinds = [kind for kind, *_ in plane.acts() if kind != "BUNDLE_KEPT"]
    assert kinds == ["REGISTERED", "PAUSED", "UNPAUSED", "REGISTERED", "ROLLED_BACK", "RETIRED"]


def test_of_two_at_once_one_wins_and_the_other_hears_what_changed(plane: Plane) -> None:
    plane.register()
    turn = {"on": 1, "reason": "water was cut off"}
    assert plane.ask("POST", "/registrations/north/pause", "an", turn)[0] == 200
    wish = plane.wish(on=1, bundle=SHA256, reason="a better one")
    status, said = plane.ask("PUT", "/registrations/north", "postal-team", wish)
    assert (status, said["type"]) == (409, "/problems/stale")
    (since,) = said["changed"]
    assert (since["by"], since["reason"]) == ("an", "water was cut off")
    assert ledger(plane).registrations["north"].version == 2
    assert plane.acts()[-1][:3] == ("REGISTRATION_REFUSED", "north", "postal-team")


def test_who_asks_again_since_the_answer_was_lost_is_told_what_was_done(plane: Plane) -> None:
    first = plane.register()
    acts = len(plane.acts())
    wish = plane.wish(bundle=SHA256)
    assert plane.ask("PUT", "/registrations/north", json=wish) == (201, first)
    assert len(plane.acts()) == acts


def test_a_certificate_vouches_for_a_bundle(plane: Plane) -> None:
    made = plane.register(certificate=certificate(), override="")
    assert made["override"] is None
    assert [*ledger(plane).certificates] == [(SHA256, made["certificate"])]


def test_what_the_certificate_does_not_know_is_shown(plane: Plane) -> None:
    odd = Clause("order", "declared-errors", "not_judged", "not provoked: 422")
    made = plane.register(certificate=certificate(SHA256, "here", odd), override="")
    assert made["not_judged"] == ["not judged: order: declared-errors: not provoked: 422"]
    assert plane.ask("GET", "/registrations/north")[1]["not_judged"] == made["not_judged"]


def test_a_version_on_hold_goes_live_when_it_is_certified(plane: Plane) -> None:
    draft = plane.register(hold=True, override="")
    assert draft["state"] == "draft"
    assert plane.broker.committed(group_of("north")) == {}
    turn = {"on": 1, "reason": "tried", "certificate": certificate()}
    assert plane.ask("POST", "/registrations/north/certify", json=turn)[1]["state"] == "certified"
    turn = {"on": 2, "reason": "the day has come"}
    assert plane.ask("POST", "/registrations/north/golive", json=turn)[1]["state"] == "live"
    assert plane.broker.committed(group_of("north"))


def test_a_new_registration_starts_where_it_says_before_it_is_live(plane: Plane) -> None:
    for number in range(4):
        plane.broker.keep(Outgoing(DOSSIER, str(number).encode(), b"event"))
    for name, start, count in (("late", "now", 4), ("early", "beginning", 0)):
        plane.register(name, entry={**ENTRY, "start": start})
        offsets = plane.broker.committed(group_of(name)).values()
        assert sum(offset for offset, _ in offsets) == count


def test_what_is_live_goes_on_where_it_is(plane: Plane) -> None:
    plane.register(entry={**ENTRY, "start": "beginning"})
    plane.broker.keep(Outgoing(DOSSIER, b"H1", b"event"))
    plane.register(on=1, entry={**ENTRY, "start": "now"})
    assert sum(o for o, _ in plane.broker.committed(group_of("north")).values()) == 0


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "a wrong field": (
        lambda: changed(FILES, "mapping.py", b"event.order_number", b"event.no_such_number"),
        "no_such_",
    ),
    "a later hub's": (lambda: changed(FILES, "connector.yaml", b"hub: 1", b"hub: 2"), "format 2"),
    "a link": (lambda: _link(ARCHIVE), "link"),
    "a path that leads out": (lambda: packed({**FILES, "../../etc/passwd": b"x"}), "path"),
    "cut off": (lambda: ARCHIVE[: len(ARCHIVE) // 2], "cut off"),
    "nothing": (lambda: b"", "zip"),
    "a bomb": (lambda: packed({**FILES, "contract/b.json": bytes(LARGEST * 20)}), "too large"),
}


def _link(archive: bytes) -> bytes:
    whole = BytesIO(archive)
    with ZipFile(whole, "a") as zipped:
        info = zipped.infolist()[0]
        info.filename, info.external_attr = "cases/link", 0o120777 << 16
        zipped.writestr(info, b"/etc/passwd")
    return whole.getvalue()


@pytest.mark.parametrize("kind", REFUSED)
def test_a_refused_bundle_changes_nothing_and_is_on_record(plane: Plane, kind: str) -> None:
    make, says = REFUSED[kind]
    status, said = plane.ask("POST", "/bundles", body=make())
    assert status == 422
    assert says in json.dumps(said)
    assert said["fix"]
    assert ledger(plane) == Ledger()
    ((act, _, by, reason),) = plane.acts()
    assert (act, by) == ("REGISTRATION_REFUSED", "an")
    assert reason


def test_more_than_a_bundle_may_have_is_not_even_read(plane: Plane) -> None:
    assert plane.ask("POST", "/bundles", body=bytes(ARCHIVE_BYTES + 1))[0] == 413
    assert ledger(plane) == Ledger()


@pytest.mark.parametrize(
    ("more", "status", "says"),
    [
        ({"on": 3}, 409, "version 0 stands"),
        ({"bundle": "0" * 64}, 404, "upload it first"),
        ({"override": ""}, 422, "has no certificate"),
        ({"reason": ""}, 422, "reason"),
        ({"entry": {"endpoint": "http://x.example"}}, 422, "where it starts"),
        ({"entry": {"endpoint": "http://x.example", "start": "now"}}, 422, "consumer_key"),
        ({"entry": {**ENTRY, "endpiont": "x"}}, 422, "endpiont"),
        ({"entry": {**ENTRY, "start": "noon"}}, 422, "start"),
        ({"certificate": certificate(hub="elsewhere")}, 422, "for the hub 'elsewhere'"),
        ({"certificate": certificate(bundle="0" * 64)}, 422, "is for bundle 0000"),
        ({"certificate": {"certificate": 1}}, 422, "certify"),
        ({"entyr": {}}, 422, "entyr"),
        ({"on": "1"}, 422, "on"),
    ],
)
def test_a_refused_registration_changes_nothing_and_is_on_record(
    plane: Plane, more: dict[str, object], status: int, says: str
) -> None:
    wish = plane.wish(bundle=plane.upload()) | more
    got, said = plane.ask("PUT", "/registrations/north", json=wish)
    assert (got, says in json.dumps(said)) == (status, True), said
    assert ledger(plane).registrations == {}
    assert plane.broker.committed(group_of("north")) == {}
    assert plane.acts()[-1][:3] == ("REGISTRATION_REFUSED", "north", "an")
    if "certificate" not in said["type"] and "request" not in said["type"]:
        assert said["fix"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=6) | st.sampled_from(["start", "secrets"]), inner)
    ),
    max_leaves=8,
)


@given(
    st.dictionaries(
        st.sampled_from(["on", "bundle", "entry", "reason", "override", "certificate", "to", "by"]),
        JSON,
    ),
    st.sampled_from(["PUT", "POST"]),
    st.sampled_from(["", "/check", "/pause", "/rollback", "/golive"]),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_no_words_at_all_break_it(
    plane: Plane, said: dict[str, object], method: str, step: str
) -> None:
    path = f"/registrations/north{step}"
    status, _ = plane.ask(method, path, body=json.dumps(said).encode())
    assert 400 <= status < 500
    assert plane.ask(method, path, body=repr(said).encode())[0] in (405, 422)


@pytest.mark.parametrize(
    "more", [{"n": 2**80}, {"n": "\ud800"}, {"settings": {"customer_code": 2**80}}]
)
def test_an_entry_that_cannot_be_written_is_refused(plane: Plane, more: dict[str, object]) -> None:
    wish = plane.wish(bundle=plane.upload(), entry={**ENTRY, **more})
    body = json.dumps(wish).encode()
    assert plane.ask("PUT", "/registrations/north", body=body)[0] == 422


def test_all_problems_of_an_entry_are_told_at_once(plane: Plane) -> None:
    entry = {"endpoint": "ftp://x", "start": "now", "settings": {"no": 1}, "secrets": {}}
    wish = plane.wish(bundle=plane.upload(), entry=entry)
    _, said = plane.ask("PUT", "/registrations/north", json=wish)
    assert len(said["problems"]) >= 4
    assert all(problem["fix"] for problem in said["problems"])


def test_what_is_not_there_cannot_be_changed(plane: Plane) -> None:
    for step in ("pause", "rollback", "retire"):
        turn = {"on": 0, "reason": "x"}
        assert plane.ask("POST", f"/registrations/none/{step}", json=turn)[0] == 404
    assert plane.ask("GET", "/registrations/none")[0] == 404
    assert plane.ask("GET", "/bundles/none")[0] == 404


def test_integrators_stay_with_their_own(plane: Plane) -> None:
    assert plane.ask("POST", "/bundles", "portal-team", body=ARCHIVE)[0] == 403
    plane.register()
    wish = plane.wish(on=1, bundle=SHA256)
    assert plane.ask("PUT", "/registrations/north", "portal-team", wish)[0] == 403
    turn = {"on": 1, "reason": "x"}
    assert plane.ask("POST", "/registrations/north/pause", "portal-team", turn)[0] == 403
    assert plane.ask("GET", "/registrations/north", "portal-team")[0] == 403
    assert plane.ask("GET", "/registrations", "portal-team") == (200, [])
    assert ["north"] == [
        one["name"] for one in plane.ask("GET", "/registrations", "postal-team")[1]
    ]
    assert ledger(plane).registrations["north"].version == 1


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"allow_addresses": ["10.0.0.0/8", "127.0.0.0/8"]}, "10.0.0.0/8"),
        ({"secrets": {"consumer_key": "env:HUB_DIGEST_KEY"}}, "consumer_key"),
        ({"secrets": {"consumer_key": "file:/etc/shadow"}}, "consumer_key"),
        ({"secrets": {"consumer_key": "file:/srv/hub/secrets/postal/../../x"}}, "consumer_key"),
        ({"secrets": {"consumer_key": "file:/srv/hub/secrets/portal/key"}}, "consumer_key"),
    ],
)
def test_an_integrator_cannot_name_what_is_not_their_own(
    plane: Plane, more: dict[str, object], says: str
) -> None:
    plane.register()
    wish = plane.wish(on=1, bundle=SHA256, entry={**ENTRY, **more})
    status, said = plane.ask("PUT", "/registrations/north", "postal-team", wish)
    assert (status, says in str(said["problems"])) == (403, True)
    assert ledger(plane).registrations["north"].version == 1
    assert plane.acts()[-1][:3] == ("REGISTRATION_REFUSED", "north", "postal-team")


def test_an_integrator_keeps_what_an_operator_allowed_and_has_secrets_of_their_own(
    plane: Plane,
) -> None:
    plane.register()
    secrets = {
        "consumer_key": "env:POSTAL_KEY",
        "consumer_secret": "file:/srv/hub/secrets/postal/s",
    }
    wish = plane.wish(on=1, bundle=SHA256, entry={**ENTRY, "secrets": secrets})
    assert plane.ask("PUT", "/registrations/north", "postal-team", wish)[0] == 201


def test_nobody_takes_over_anothers_retired_name_with_a_bundle_of_their_own(plane: Plane) -> None:
    wish = plane.wish(on=2, bundle=plane.upload())
    known = Registered("east", "portal", "0" * 64, {}, "retired", 2, "an", 0)
    plane.keeping.change(lambda _: known)
    assert plane.ask("PUT", "/registrations/east", "postal-team", wish)[0] == 403


def test_who_is_at_the_hubs_own_machine_says_their_name(plane: Plane) -> None:
    assert plane.register(who="admin", by="Lan")["by"] == "Lan (as local)"


def test_who_is_known_by_name_speaks_for_nobody_else(plane: Plane) -> None:
    wish = plane.wish(bundle=plane.upload(), by="Lan")
    status, answer = plane.ask("PUT", "/registrations/north", "an", wish)
    assert (422, True) == (status, "you are an" in str(answer))
    assert plane.register(by="an")["by"] == "an"


def test_a_registration_of_the_files_is_taken_over_with_its_bundle(plane: Plane) -> None:
    seed = Registered("south", "postal", SHA256, ENTRY, "live", 0, "the file", 0, did="adopt")
    plane.seeds["south"] = Seed(seed, FILES)
    plane.seeds["west"] = Seed(replace(seed, name="west"), FILES)
    turn = {"on": 0, "reason": "it is flooded"}
    status, made = plane.ask("POST", "/registrations/south/pause", json=turn)
    assert (status, made["state"], made["version"]) == (200, "paused", 1)
    found = ledger(plane)
    assert found.bundles == {SHA256: FILES}
    assert found.registrations["south"].before == (seed.now,)
    rows = plane.ask("GET", "/registrations")[1]
    assert [(row["name"], row["version"]) for row in rows] == [("south", 1), ("west", 0)]


def test_the_bundle_of_a_file_can_be_registered_under_another_name(plane: Plane) -> None:
    seed = Registered("south", "postal", SHA256, ENTRY, "live", 0, "the file", 0, did="adopt")
    plane.seeds["south"] = Seed(seed, FILES)
    wish = plane.wish(bundle=SHA256)
    assert plane.ask("PUT", "/registrations/north", json=wish)[0] == 201
    assert ledger(plane).bundles == {SHA256: FILES}


def test_while_the_broker_is_away_nobody_is_told_that_it_was_done(plane: Plane) -> None:
    wish = plane.wish(bundle=plane.upload())
    plane.broker.down = True
    assert plane.ask("PUT", "/registrations/north", json=wish)[0] == 503
    plane.broker.down = False
    assert ledger(plane).registrations == {}
    assert plane.ask("PUT", "/registrations/north", json=wish)[0] == 201
