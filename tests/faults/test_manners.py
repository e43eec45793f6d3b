"""The peer misbehaves as it was told, to whom it was told, and its log says what had an effect."""

from pathlib import Path

import msgspec
import pytest

from tests.faults.evidence import Fact
from tests.faults.manners import Manner, rest, soap, takes
from tests.faults.peer import Place, Request
from tests.faults.reading import PeerLog

DOSSIER = "H44.99.99-251104-0001"


def told(key: bytes, step: int = 0, token: bytes = b"Bearer t0") -> Request:
    path = f"/ho-so/{DOSSIER}/tien-do".encode()
    return Request(b"POST", path, key, token, b'{"noiDung":"%d"}' % step)


def status(answer: bytes | None) -> int:
    assert answer is not None
    return int(answer.split()[1])


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "peer.jsonl"


def test_what_is_taken_is_noted_and_found_again_when_asked(log: Path) -> None:
    place, asked = Place(log), Request(b"GET", b"/giao-dich/k1", b"", b"", b"")
    assert status(place.answer(asked)) == 404
    assert status(place.answer(told(b"k1", 3))) == 200
    assert status(place.answer(asked)) == 200
    (call,) = PeerLog(log).follow()
    assert (call.key, call.fact, call.taken) == ("k1", Fact(DOSSIER, 3), True)


def test_a_log_is_followed_line_by_line_and_half_a_line_waits(log: Path) -> None:
    place, follower = Place(log), PeerLog(log)
    place.answer(told(b"k1"))
    assert len(follower.follow()) == 1
    place.answer(told(b"k1"))
    whole = log.read_bytes()
    log.write_bytes(whole[:-5])
    assert follower.follow() == []
    log.write_bytes(whole)
    (again,) = follower.follow()
    assert again.digest == follower.calls[0].digest
    assert follower.taken == {Fact(DOSSIER, 0)}


def test_a_manner_reaches_only_those_who_are_meant(log: Path) -> None:
    place = Place(log)
    place.manner = Manner(says="refused", one_in=100)
    answers = [status(place.answer(told(b"key-%d" % n, n))) for n in range(2_000)]
    assert 5 < answers.count(422) < 50
    assert answers.count(200) == 2_000 - answers.count(422)
    place.manner = Manner(says="busy", dossier="another")
    assert status(place.answer(told(b"k"))) == 200
    place.manner = Manner(says="busy", dossier=DOSSIER)
    assert status(place.answer(told(b"k"))) == 503


def test_flapping_is_well_and_ill_in_turn() -> None:
    manner = Manner(says="busy", flaps=2.0)
    assert [manner.to(b"k", "", now) for now in range(6)] == ["ok"] * 2 + ["busy"] * 2 + ["ok"] * 2


def test_an_effect_can_be_there_though_the_answer_denies_it(log: Path) -> None:
    place = Place(log)
    place.manner = Manner(says="never", done=True)
    assert place.answer(told(b"k")) is None
    place.manner = Manner(says="never")
    assert place.answer(told(b"l")) is None
    place.manner = Manner()
    place.answer(told(b"l"))
    follower = PeerLog(log)
    assert [call.taken for call in follower.follow()] == [True, False, True]
    assert follower.struck == 2


def test_only_the_token_that_counts_is_let_in(log: Path) -> None:
    place, login = Place(log), Request(b"POST", b"/oauth2/token", b"", b"", b"")
    place.manner = Manner(token=1)
    assert status(place.answer(told(b"k"))) == 401
    assert b'"t1"' in (place.answer(login) or b"")
    assert status(place.answer(told(b"k", token=b"Bearer t1"))) == 200
    place.manner = Manner(token=2, login=False)
    assert status(place.answer(login)) == 503
    assert [call.taken for call in PeerLog(log).follow()] == [False, True]


def test_a_manner_is_switched_from_outside(log: Path) -> None:
    place = Place(log)
    body = msgspec.json.encode(Manner(says="busy"))
    assert status(place.answer(Request(b"PUT", b"/_manner", b"", b"", body))) == 200
    assert status(place.answer(told(b"k"))) == 503


SCAN = (
    b"<e:Envelope><e:Header/><e:Body><NhanHanhTrinh><MaGiaoDich>k</MaGiaoDich><MaHoSo>%s</MaHoSo>"
    b"<MaGoc>4</MaGoc></NhanHanhTrinh></e:Body></e:Envelope>"
)
ASKED = (
    b"<e:Envelope><e:Body><m:TraCuuGiaoDich><MaGiaoDich>k</MaGiaoDich></m:TraCuuGiaoDich></e:Body>"
)


def test_soap_calls_are_noted_and_found_again_when_asked(log: Path) -> None:
    place = Place(log)

    def code(body: bytes) -> bytes:
        answer = place.answer(Request(b"POST", b"/", b"", b"", body)) or b""
        return answer.partition(b"<Ma>")[2].partition(b"<")[0]

    assert code(ASKED) == b"03"
    assert code(SCAN % DOSSIER.encode()) == b"00"
    assert code(ASKED) == b"00"
    (call,) = PeerLog(log).follow()
    assert (call.key, call.fact) == ("k", Fact(DOSSIER, 4))


def test_every_answer_declares_its_own_length() -> None:
    for says in (
        "ok",
        "refused",
        "unknown",
        "busy",
        "fault",
        "code",
        "html",
        "truncated",
        "charset",
    ):
        for answer in (rest(says), soap(says, "NhanHanhTrinh")):
            assert answer is not None
            head, _, body = answer.partition(b"\r\n\r\n")
            assert int(head.rpartition(b": ")[2]) == len(body)
    assert takes("charset", done=False)
    assert not takes("truncated", done=False)
    assert takes("truncated", done=True)
