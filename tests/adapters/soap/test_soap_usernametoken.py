"""User name and password: as text, as a digest, and every way to get it wrong."""

import pytest

from adapters.http.messages import Refusal
from adapters.soap.names import TEXT, WSSE
from adapters.soap.seen import Seen
from adapters.soap.usernametoken import Account, token_digest, token_text
from hub.contract.binding import Auth
from hub.errors import Reject
from tests.adapters.soap.doors import MovableClock, door, message, post, refusal, told
from tests.adapters.soap.keys import NOW
from tests.adapters.soap.samples import DOCUMENT

ACCOUNT = Account("một-cửa", "bí & <mật>")
AUTH = Auth("usernametoken", {"username": ACCOUNT.username, "password": ACCOUNT.password})
STAMP = (
    '<u:Timestamp xmlns:u="http://docs.oasis-open.org/wss/2004/01/'
    'oasis-200401-wss-wssecurity-utility-1.0.xsd"><u:Created>2026-11-23T02:05:00Z</u:Created>'
    "<u:Expires>{}</u:Expires></u:Timestamp></wsse:Security>"
)


def stamped(token: str, expires: str) -> str:
    return token.replace("</wsse:Security>", STAMP.format(expires))


@pytest.mark.parametrize("version", ["1.1", "1.2"])
@pytest.mark.parametrize("token", [token_text(ACCOUNT), token_digest(ACCOUNT, NOW)])
def test_a_true_credential_is_let_in(version: str, token: str) -> None:
    found = door(AUTH, version=version).read(post(message(version, token), version))
    assert ("Mau.Gui", DOCUMENT) == (found.operation, found.document)


def test_a_digest_is_taken_once_and_a_text_as_often_as_it_comes() -> None:
    server = door(AUTH)
    once = message(header=token_digest(ACCOUNT, NOW))
    server.read(post(once))
    assert "used before" in refusal(server, post(once)).title
    always = message(header=token_text(ACCOUNT))
    assert [server.read(post(always)).document for _ in range(3)] == [DOCUMENT] * 3


@pytest.mark.parametrize("seconds", [-301, 301])
def test_a_digest_must_be_fresh(seconds: float) -> None:
    body = message(header=token_digest(ACCOUNT, NOW + seconds))
    assert "not fresh" in refusal(door(AUTH), post(body)).title


def test_a_nonce_is_remembered_as_long_as_its_digest_is_fresh() -> None:
    clock = MovableClock()
    server = door(AUTH, clock=clock)
    body = message(header=token_digest(ACCOUNT, NOW + 299))  # good until NOW + 599
    server.read(post(body))
    clock.now += 598
    assert "used before" in refusal(server, post(body)).title


SECURITY = token_text(ACCOUNT)
DIGESTED = token_digest(ACCOUNT, NOW)


@pytest.mark.parametrize(
    ("header", "title"),
    [
        ("", "no credential"),
        (token_text(Account(ACCOUNT.username, "sai")), "credential is wrong"),
        (token_text(Account("sai", ACCOUNT.password)), "credential is wrong"),
        (token_digest(Account(ACCOUNT.username, "sai"), NOW), "credential is wrong"),
        (token_digest(Account("sai", ACCOUNT.password), NOW), "credential is wrong"),
        (f'<wsse:Security xmlns:wsse="{WSSE}"/>', "no UsernameToken"),
        (SECURITY + SECURITY, "several Security headers"),
        (SECURITY.replace(TEXT, "urn:x"), "type of password is not accepted"),
        (DIGESTED.replace("wsse:Nonce", "wsse:Nonse"), "no Nonce"),
        (DIGESTED.replace("==</wsse:Nonce", "=!</wsse:Nonce"), "nonce cannot be used"),
        (DIGESTED.replace("wsu:Created", "wsu:Creates"), "no Created"),
        (SECURITY.replace("<wsse:Password", "<wsse:Password/><wsse:Password"), "2 Password"),
        (stamped(SECURITY, "2026-11-23T02:03:00Z"), "has expired"),
        (stamped(SECURITY, "hôm qua"), "has expired"),
        (stamped(SECURITY, "").replace("02:05:00Z", "01:05:00Z"), "not fresh"),
        (SECURITY.replace("soap:must", 'soap:actor="urn:other" soap:must'), "no credential"),
    ],
)
def test_a_false_credential_is_refused(header: str, title: str) -> None:
    refused = refusal(door(AUTH), post(message(header=header)))
    assert (401, "denied", "Security") == (refused.status, refused.code, refused.field)
    assert title in refused.title


def test_a_timestamp_that_still_holds_is_let_in() -> None:
    header = stamped(SECURITY, "2026-11-23T02:10:00Z")
    assert DOCUMENT == door(AUTH).read(post(message(header=header))).document


@pytest.mark.parametrize(
    ("version", "status", "code"),
    [
        ("1.1", 500, "<faultcode>wsse:FailedAuthentication</faultcode>"),
        ("1.2", 400, "<soap:Subcode><soap:Value>wsse:FailedAuthentication</soap:Value>"),
    ],
)
def test_a_wrong_credential_is_told_in_the_words_of_ws_security(
    version: str, status: int, code: str
) -> None:
    server = door(AUTH, version=version)
    answer = told(server, post(message(version), version))
    assert status == answer.status
    assert code in answer.body.decode()


def test_no_message_or_fault_shows_a_password() -> None:
    server = door(AUTH)
    request = post(message(header=token_text(Account(ACCOUNT.username, "sai-mật-khẩu"))))
    shown = told(server, request).body.decode() + str(refusal(server, request)) + repr(request)
    assert "sai-mật-khẩu" not in shown
    assert ACCOUNT.password not in shown
    assert "mật" not in repr(ACCOUNT)


def test_the_memory_of_nonces_is_bounded_and_full_means_later() -> None:
    seen = Seen(most=2)
    assert seen.first(b"a", 0, 600)
    assert seen.first(b"b", 1, 600)
    with pytest.raises(Refusal) as refused:
        seen.first(b"c", 2, 600)
    assert (503, "unavailable") == (refused.value.status, refused.value.code)
    assert not seen.first(b"b", 599, 600)
    assert seen.first(b"c", 600, 600)


@pytest.mark.parametrize("options", [{}, {"username": "a"}, {"username": "a", "password": ""}])
def test_an_account_without_a_password_is_refused_when_opened(options: dict[str, str]) -> None:
    with pytest.raises(Reject, match="auth usernametoken has no"):
        door(Auth("usernametoken", options))
