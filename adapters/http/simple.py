"""One call at a time, blocking: for the command line and the schema registry's client.

Delivery never comes this way: a client per call costs milliseconds. Here that does not matter, and
a plain function is easier to use than a transport. The environment's proxies are not read,
redirects are not followed.
"""

import ssl
from collections.abc import Iterator, Mapping
from time import monotonic

import httpx

from hub.errors import Reject, Retry

ANSWER_BYTES = 16_777_216  # a schema or a page of the admin API is far below; memory stays bounded
NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


def fetch(
    method: str,
    url: str,
    *,
    json: object = None,
    content: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    timeout: float = 10.0,
) -> tuple[int, dict[str, str], bytes]:
    """One request and its whole answer: status, headers (lower case names), body.

    `json` is encoded and sent as application/json; `content` is sent as it is. `timeout` is in
    seconds, for connecting and for the whole answer.
    Raises Retry: `sent=False` when no connection was made, `sent=True` when the request may have
    arrived. Raises Reject for a URL that cannot be used. Any status is an answer, also 500.
    """
    if not url.startswith(("http://", "https://")):
        raise Reject(
            "the address is neither http nor https", where="fetch", fix="give a full address"
        )
    deadline = monotonic() + timeout
    try:
        with (
            httpx.Client(
                verify=_verification(url), timeout=timeout, trust_env=False, follow_redirects=False
            ) as client,
            client.stream(method, url, json=json, content=content, headers=headers) as answer,
        ):
            body = _collect(answer.iter_bytes(), deadline)
            return answer.status_code, dict(answer.headers), body
    except httpx.InvalidURL as error:
        raise Reject(
            "the address cannot be read", where="fetch", fix="give a full address"
        ) from error
    except httpx.HTTPError as error:
        raise Retry(
            f"no answer: {type(error).__name__}",
            where=_origin(url),
            system=True,
            sent=not isinstance(error, NOT_SENT),
        ) from error


def _verification(url: str) -> ssl.SSLContext:
    """Loading the root certificates takes 20 ms; a plain http call does not pay for it."""
    if url.startswith("https://"):
        return ssl.create_default_context()
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _collect(chunks: Iterator[bytes], deadline: float) -> bytes:
    parts: list[bytes] = []
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > ANSWER_BYTES:
            raise Retry(f"the answer is larger than {ANSWER_BYTES} bytes", system=True, sent=True)
        if monotonic() > deadline:
            raise Retry("the answer took too long", system=True, sent=True)
        parts.append(chunk)
    return b"".join(parts)


def _origin(url: str) -> str:
    """Scheme, host and port only: a path or a query may carry a secret."""
    address = httpx.URL(url)
    return f"{address.scheme}://{address.netloc.decode('ascii')}"
