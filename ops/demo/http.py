"""The demo's own small HTTP client; it is an outside party, so it uses none of the hub's code."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import httpx

_client = httpx.Client(timeout=30.0, trust_env=False)


def get(url: str, headers: Mapping[str, str] | None = None) -> tuple[int, Any]:
    """Status and JSON body (None where it is none)."""
    try:
        answer = _client.get(url, headers=headers)
    except httpx.HTTPError:
        return 0, None
    return answer.status_code, _json(answer)


def text(url: str) -> str:
    """The body of a page."""
    return _client.get(url).text


def post(url: str, body: object) -> tuple[int, Any]:
    """Status and JSON body."""
    answer = _client.post(url, json=body)
    return answer.status_code, _json(answer)


def put(url: str, body: object) -> tuple[int, Any]:
    """Status and JSON body."""
    answer = _client.put(url, json=body)
    return answer.status_code, _json(answer)


def wait_for(holds: Callable[[], bool], seconds: float, what: str) -> None:
    """Look every 20 ms until it holds. Raises TimeoutError naming what did not come."""
    deadline = time.monotonic() + seconds
    pause = _pause()
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not come within {seconds:.0f} s")
        pause(0.02)


def _pause() -> Callable[[float], object]:
    import threading

    return threading.Event().wait


def _json(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return None
