"""How a token is had: OAuth2 client credentials, or an operation of the system's own contract.

What a refusal means is the same for both. Whoever asks with a wrong name or password is told so
again and again, and some systems lock the account: so that is a Halt. A system that is down, slow
or not making sense is a Retry; the caller's own message was not sent by then.
"""

from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping

from adapters.http import options
from adapters.http.endpoint import Endpoint, parse_endpoint
from adapters.http.messages import Answer
from adapters.http.transport import RawAnswer, Transport
from adapters.rest.json_body import read_json
from adapters.rest.parameters import encode_pairs
from adapters.rest.token import Grant
from hub.contract.binding import Auth, Limits
from hub.contract.paths import get
from hub.contract.types import Document, Value
from hub.errors import Halt, Reject, Retry

MARGIN = 30.0  # seconds by which a token is renewed before it ends: a call takes its time
LIFETIME = 300.0  # seconds, where a token endpoint does not say (RFC 6749 5.1: it should)
_TRY_LATER = frozenset({408, 425, 429})

Fetch = Callable[[], Awaitable[Grant]]


def oauth2(auth: Auth, endpoint: Endpoint, transport: Transport, limits: Limits) -> Fetch:
    """Client credentials (RFC 6749 4.4), the client named by Basic.

    Options: `token_url` (an address, or a path at the endpoint), `client_id`, `client_secret`,
    `scope`. Raises Halt for options that cannot be used.
    """
    url = options.text(auth, "token_url")
    at = parse_endpoint(url, reach=endpoint.origin.reach) if "://" in url else endpoint
    target = at.base if at is not endpoint else f"{endpoint.base}{url}"
    name, secret = options.text(auth, "client_id"), options.text(auth, "client_secret")
    basic = b64encode(f"{name}:{secret}".encode()).decode()
    scope = options.optional_text(auth, "scope") or None
    body = encode_pairs((("grant_type", "client_credentials"), ("scope", scope))).encode("ascii")
    head = (
        f"POST {target or '/'} HTTP/1.1\r\nhost: {at.authority}\r\nauthorization: Basic {basic}\r\n"
        "content-type: application/x-www-form-urlencoded\r\naccept: application/json\r\n"
        f"content-length: {len(body)}\r\n\r\n"
    ).encode("ascii")

    async def fetch() -> Grant:
        raw = await transport.exchange(
            at.origin, head, body, limits.timeout, limits.answer_bytes, limits.connect_timeout
        )
        return granted(raw, str(at.origin), limits)

    return fetch


def granted(raw: RawAnswer, where: str, limits: Limits) -> Grant:
    """The token of a token endpoint's answer. Raises Halt or Retry."""
    _check_status(raw.status, raw.fields(), where)
    try:
        document = read_json(raw.body, limits)[1]
    except Reject as error:
        raise _senseless(where) from error
    kind, token = get(document, "token_type"), get(document, "access_token")
    if not isinstance(token, str) or not _usable(token):
        raise _senseless(where)
    if isinstance(kind, str) and kind.lower() != "bearer":
        raise Halt("it gives tokens of another type than Bearer", where)
    lifetime = _seconds(get(document, "expires_in"))
    return Grant(token, max(lifetime - MARGIN, lifetime / 2))


def login(auth: Auth, call: Callable[[str, Document], Awaitable[Answer]]) -> Fetch:
    """An operation of the contract gives the token.

    Options: `operation`, `send` (the request's fields), `token` (path in the answer), `lifetime`
    (seconds; absent: until it is refused). Raises Halt for options that cannot be used.
    """
    operation, path = options.text(auth, "operation"), options.text(auth, "token")
    send = auth.options.get("send")
    if not isinstance(send, Mapping):
        raise options.missing(auth, "send")
    document: Document = {str(name): value for name, value in send.items()}
    lifetime = auth.options.get("lifetime")
    if lifetime is not None and not (isinstance(lifetime, int | float) and lifetime > 0):
        raise Halt("is no number of seconds", where="auth login lifetime")

    async def fetch() -> Grant:
        answer = await call(operation, document)
        _check_status(answer.status, answer.headers, operation)
        token = get(answer.document, path)
        if isinstance(token, str) and _usable(token):
            return Grant(token, None if lifetime is None else float(lifetime))
        if not answer.valid:
            raise _senseless(operation)
        raise Halt("the login was refused", operation, "check the registration's name and password")

    return fetch


def _check_status(status: int, headers: Mapping[str, str], where: str) -> None:
    if status < 300:  # noqa: PLR2004 -- HTTP: a success
        return
    if status in _TRY_LATER or status >= 500:  # noqa: PLR2004 -- HTTP: the server's fault
        after = headers.get("retry-after", "")
        seconds = float(after) if after.isascii() and after.isdigit() else None
        raise Retry(f"no token: status {status}", where, after=seconds, system=True)
    raise Halt(f"no token: status {status}", where, "check the registration's name and secret")


def _senseless(where: str) -> Retry:
    return Retry("its answer holds no token", where, system=True)


def _usable(token: str) -> bool:
    """Whether a header can carry it."""
    return bool(token) and token.isascii() and token.isprintable() and " " not in token


def _seconds(value: Value) -> float:
    """`expires_in` as a number or as its digits."""
    try:
        found = float(str(value)) if isinstance(value, str | int | float) else 0.0
    except ValueError:
        return LIFETIME
    return found if 0 < found < float("inf") else LIFETIME
