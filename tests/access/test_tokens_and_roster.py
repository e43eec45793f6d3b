"""Who is known by a token: of this machine, or of the file that names people."""

import asyncio
import base64
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.http.transport import Transport
from hub.access import tokens
from hub.access.doorman import Doorman, credential, own_principals, verifying
from hub.access.keys import Verifier
from hub.access.roster import read_roster
from hub.access.rules import Principal
from hub.errors import Halt, HubError, Reject
from hub.settings import Settings, load

LAN, TEAM = tokens.new_token(), tokens.new_token()
FILE = f"""
principals:
  - {{name: lan, role: operator, token_sha256: {tokens.digest(LAN)}}}
  - {{name: team, role: integrator, connectors: [waterco], token_sha256: {tokens.digest(TEAM)}}}
"""


def settings(home: Path, **more: str) -> Settings:
    return load({"HUB_HOME": str(home), **more})


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def doorman(settings: Settings, clock: Clock | None = None) -> Doorman:
    own = own_principals(settings)
    return Doorman(settings.access, own, verifying(Transport()), clock or Clock())


def who(door: Doorman, token: str) -> Principal | None:
    return asyncio.run(door.who(f"Bearer {token}"))


def test_a_token_is_long_distinct_and_known_by_its_word() -> None:
    made = {tokens.new_token() for _ in range(100)}
    assert len(made) == 100
    assert {(tokens.SIZE, tokens.PREFIX)} == {(len(t), t[:4]) for t in made}


def test_without_a_file_this_machines_token_is_an_admins(tmp_home: Path) -> None:
    here = settings(tmp_home)
    door = doorman(here)
    file = tmp_home / "state" / "admin.token"
    assert 0o600 == file.stat().st_mode & 0o777
    found = who(door, tokens.of_person(here))
    assert found == Principal("local", frozenset({"admin"}))
    process = who(door, tokens.own(tmp_home, "hub"))
    assert process is not None
    assert process.is_hub


def test_with_a_file_this_machines_admin_token_counts_for_nothing(tmp_home: Path) -> None:
    before = tokens.own(tmp_home, "admin")
    people = tmp_home / "people.yaml"
    people.write_text(FILE, encoding="utf-8")
    here = settings(tmp_home, HUB_ACCESS=str(people))
    door = doorman(here)
    with pytest.raises(Reject, match="nobody's"):
        who(door, before)
    assert who(door, LAN) == Principal("lan", frozenset({"operator"}))
    assert who(door, TEAM) == Principal("team", frozenset({"integrator"}), frozenset({"waterco"}))
    with pytest.raises(Halt, match="nobody says who you are"):
        tokens.of_person(here)


def test_a_change_of_the_file_counts_and_a_broken_one_lets_nobody_in(tmp_home: Path) -> None:
    people, clock = tmp_home / "people.yaml", Clock()
    people.write_text(FILE, encoding="utf-8")
    door = doorman(settings(tmp_home, HUB_ACCESS=str(people)), clock)
    assert who(door, LAN) is not None
    people.write_text("principals: []", encoding="utf-8")
    assert who(door, LAN) is not None  # it is looked at once a second
    clock.now += 1.0
    with pytest.raises(Reject):
        who(door, LAN)
    for broken in ("principals: [", "principals: 7"):
        people.write_text(broken, encoding="utf-8")
        clock.now += 1.0
        with pytest.raises(Halt, match=r"people\.yaml"):
            who(door, LAN)
    people.unlink()
    clock.now += 1.0
    with pytest.raises(Halt):
        who(door, LAN)
    process = who(door, tokens.own(tmp_home, "hub"))
    assert process is not None  # the hub itself goes on
    people.write_text(FILE, encoding="utf-8")
    clock.now += 1.0
    assert who(door, LAN) is not None


def test_a_token_counts_until_the_end_of_its_last_day(tmp_home: Path) -> None:
    people, clock = tmp_home / "people.yaml", Clock()
    people.write_text(FILE.replace("role: operator", "role: operator, until: 2027-06-30"), "utf-8")
    midnight = datetime(2027, 7, 1, tzinfo=UTC).timestamp()
    clock.now = midnight - 1
    door = doorman(settings(tmp_home, HUB_ACCESS=str(people)), clock)
    assert who(door, LAN) is not None
    clock.now = midnight
    with pytest.raises(Reject, match="nobody's"):
        who(door, LAN)
    assert who(door, TEAM) is not None


def test_a_file_that_everybody_may_write_lets_nobody_in(tmp_home: Path) -> None:
    people, clock = tmp_home / "people.yaml", Clock()
    people.write_text(FILE, encoding="utf-8")
    door = doorman(settings(tmp_home, HUB_ACCESS=str(people)), clock)
    people.chmod(0o666)
    clock.now += 1.0
    with pytest.raises(Halt, match="may be written by everybody"):
        who(door, LAN)
    people.chmod(0o640)
    clock.now += 1.0
    assert who(door, LAN) is not None


def test_a_file_that_is_wrong_from_the_start_stops_the_process(tmp_home: Path) -> None:
    people = tmp_home / "people.yaml"
    people.write_text("principals: 7", encoding="utf-8")
    with pytest.raises(Halt):
        doorman(settings(tmp_home, HUB_ACCESS=str(people)))
    with pytest.raises(Halt, match="HUB_ACCESS: there is no file"):
        settings(tmp_home, HUB_ACCESS=str(tmp_home / "none.yaml"))


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ("{name: Lan, role: operator, token_sha256: DIGEST}", "'Lan' is no name"),
        ("{name: 'oidc:x', role: operator, token_sha256: DIGEST}", "is no name"),
        ("{name: local, role: admin, token_sha256: DIGEST}", "is no name"),
        ("{name: lan, role: boss, token_sha256: DIGEST}", "boss"),
        ("{name: lan, role: operator, token_sha256: hub_secret}", "never write the token itself"),
        (
            "{name: lan, role: operator, token: x, token_sha256: DIGEST}",
            "token is an unknown key",
        ),
        ("{name: lan, role: admin, token_sha256: DIGEST, until: 2027-02-30}", "is no day"),
        ("{name: lan, role: integrator, token_sha256: DIGEST}", "`connectors` are what"),
        ("{name: lan, role: admin, connectors: [a], token_sha256: DIGEST}", "and nobody else"),
    ],
)
def test_what_is_wrong_in_the_file_is_named_with_its_line(entry: str, says: str) -> None:
    body = f"principals:\n  - {entry}\n".replace("DIGEST", tokens.digest("x"))
    with pytest.raises(Reject) as refused:
        read_roster(body.encode(), "people.yaml")
    assert says in str(refused.value)
    assert "people.yaml" in str(refused.value)


def test_two_of_one_name_or_token_are_refused() -> None:
    one = f"{{name: lan, role: operator, token_sha256: {tokens.digest('x')}}}"
    with pytest.raises(Reject, match="stands twice"):
        read_roster(f"principals: [{one}, {one}]".encode(), "people.yaml")


def test_a_provider_whose_keys_come_unprotected_is_refused() -> None:
    body = "oidc: {issuer: i, audience: a, jwks: 'http://sso.example/certs'}"
    with pytest.raises(Reject, match="jwks is not https"):
        read_roster(body.encode(), "people.yaml")


def basic(text: str) -> str:
    return f"Basic {base64.b64encode(text.encode()).decode()}"


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("Bearer abc", (None, "abc")),
        ("bearer  abc ", (None, "abc")),
        (basic("lan:abc"), ("lan", "abc")),
        (basic("lan:a:b"), ("lan", "a:b")),
    ],
)
def test_a_credential_is_read(header: str, found: tuple[str | None, str]) -> None:
    assert credential(header) == found


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Digest x", basic("lan"), basic("lan:"), "Basic é", "abc"]
)
def test_what_is_no_credential_is_refused_and_not_repeated(header: str) -> None:
    with pytest.raises(Reject, match=r"^the credential cannot be read"):
        credential(header)


def test_the_name_of_a_basic_credential_must_be_the_tokens(tmp_home: Path) -> None:
    people = tmp_home / "people.yaml"
    people.write_text(FILE, encoding="utf-8")
    door = doorman(settings(tmp_home, HUB_ACCESS=str(people)))
    found = asyncio.run(door.who(basic(f"lan:{LAN}")))
    assert found is not None
    assert found.name == "lan"
    with pytest.raises(Reject):
        asyncio.run(door.who(basic(f"team:{LAN}")))


HEADERS = st.one_of(
    st.text(st.characters(max_codepoint=255), max_size=80),
    st.text(st.characters(max_codepoint=255), max_size=80).map("Bearer {}".format),
    st.binary(max_size=60).map(lambda raw: f"Basic {base64.b64encode(raw).decode()}"),
    st.lists(st.text("abcAB01-_=", max_size=20), min_size=3, max_size=3).map(
        lambda parts: f"Bearer {'.'.join(parts)}"
    ),
)


@given(HEADERS)
def test_whatever_is_sent_is_refused_and_never_a_bug(header: str) -> None:
    """With a file of people and an identity provider whose keys are known."""

    async def nowhere() -> bytes:
        raise Halt("nobody is asked")

    with TemporaryDirectory() as folder:
        people = Path(folder) / "people.yaml"
        provider = "oidc: {issuer: i, audience: a, jwks: 'https://sso.example/certs'}"
        people.write_text(FILE + provider, encoding="utf-8")
        clock = Clock()
        door = Doorman(people, {}, lambda one: Verifier(one, nowhere, clock, clock), clock)
        with pytest.raises(HubError):
            asyncio.run(door.who(header))
