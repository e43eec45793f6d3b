"""A client of any schema registry that speaks Confluent's REST interface, ours or another.

What an id means never changes, so it is asked once. The address may carry a user and a password
(`https://user:password@host`, percent-encoded); they go into a header and never into a message. A
password `env:NAME` or `file:PATH` is a reference to a secret.
"""

from base64 import b64encode
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import msgspec
import orjson

from adapters.http.simple import fetch
from hub.errors import Halt, HubError, Reject, Retry
from hub.events.catalogue import Definition, load
from hub.settings import resolve

ANOTHER = "add fields with a default, or give the changed event a new version in its name"
MEDIA_TYPE = "application/vnd.schemaregistry.v1+json"
TIMEOUT = 10.0  # seconds
UNKNOWN_SUBJECT, UNKNOWN_VERSION, UNKNOWN_SCHEMA = 40401, 40402, 40403

Answer = TypeVar("Answer")
Fetch = Callable[..., tuple[int, dict[str, str], bytes]]


class Registered(msgspec.Struct, frozen=True):
    """One version of a subject."""

    version: int
    id: int


class _Id(msgspec.Struct, frozen=True):
    id: int


class _Text(msgspec.Struct, frozen=True):
    schema: str


class _Verdict(msgspec.Struct, frozen=True):
    is_compatible: bool
    messages: tuple[str, ...] = ()


class _Problem(msgspec.Struct, frozen=True):
    error_code: int = 0
    message: str = ""


class RegistryClient:
    """Blocking and thread-safe. Opens nothing until the first call, keeps no connection.

    `token`: gives the one by which the registry knows us, where the address carries no credential;
    asked for when a schema is new, since reading needs none.

    Making one raises Halt when the password in the address refers to a secret that is not there.
    Every method raises Retry with `system` when the registry cannot be reached or fails, Halt when
    it refuses the credential or the address is no registry's, Reject when it refuses a schema.
    """

    def __init__(
        self, url: str, fetch: Fetch = fetch, token: Callable[[], str] | None = None
    ) -> None:
        self._base, credential = _split(url)
        self._fetch = fetch
        self._headers = {"accept": f"{MEDIA_TYPE}, application/json", "content-type": MEDIA_TYPE}
        if credential:
            self._headers["authorization"] = f"Basic {b64encode(credential.encode()).decode()}"
        self._token = None if credential else token
        self._numbers: dict[tuple[str, str], int] = {}
        self._texts: dict[int, str] = {}

    def register(self, subject: str, text: str) -> int:
        """The id of this schema under the subject; a new version if it is not there yet.

        Raises Reject, code incompatible or invalid-schema.
        """
        known = self._numbers.get((subject, text))
        if known is None:
            path, body = f"/subjects/{_quoted(subject)}", {"schema": text}
            found = self._find("POST", path, _Id, body)
            known = (found or self._ask("POST", f"{path}/versions", _Id, body, self._proof())).id
            self._numbers[subject, text] = known
        return known

    def schema(self, number: int) -> str:
        """The text of the schema with that id. Raises Retry (this message) if it is not known."""
        text = self._texts.get(number)
        if text is None:
            found = self._find("GET", f"/schemas/ids/{number}", _Text)
            if found is None:
                raise Retry("is not known to the registry", where=f"schema id {number}")
            text = self._texts[number] = found.schema
        return text

    def look_up(self, subject: str, text: str) -> Registered | None:
        """The version of the subject that is this schema, if there is one."""
        return self._find("POST", f"/subjects/{_quoted(subject)}", Registered, {"schema": text})

    def misfits(self, subject: str, text: str) -> tuple[str, ...]:
        """Why the schema may not follow those of the subject; () if it may."""
        path = f"/compatibility/subjects/{_quoted(subject)}/versions/latest?verbose=true"
        found = self._find("POST", path, _Verdict, {"schema": text})
        if found is None or found.is_compatible:
            return ()
        return found.messages or ("the registry gives no reason",)

    def _proof(self) -> Mapping[str, str]:
        return {} if self._token is None else {"authorization": f"Bearer {self._token()}"}

    def _ask(
        self,
        method: str,
        path: str,
        kind: type[Answer],
        body: Mapping[str, str],
        proof: Mapping[str, str],
    ) -> Answer:
        found = self._find(method, path, kind, body, proof)
        if found is None:
            raise self._strange(path, 404)
        return found

    def _find(
        self,
        method: str,
        path: str,
        kind: type[Answer],
        body: Mapping[str, str] | None = None,
        proof: Mapping[str, str] = MappingProxyType({}),
    ) -> Answer | None:
        """The answer; None when the registry says that the thing is not there."""
        content = None if body is None else orjson.dumps(body)
        headers = {**self._headers, **proof}
        try:
            status, _, raw = self._fetch(
                method, self._base + path, content=content, headers=headers, timeout=TIMEOUT
            )
        except Retry as error:
            error.fix = error.fix or "does the registry run? check HUB_REGISTRY_URL"
            raise
        if status == 200:  # noqa: PLR2004 - OK, the interface's only success
            try:
                return msgspec.json.decode(raw, type=kind)
            except msgspec.DecodeError as error:
                raise self._strange(path, status) from error
        problem = _problem(raw)
        if problem.error_code in (UNKNOWN_SUBJECT, UNKNOWN_VERSION, UNKNOWN_SCHEMA):
            return None
        raise self._refusal(path, status, problem)

    def _refusal(self, path: str, status: int, problem: _Problem) -> HubError:
        where = f"{_origin(self._base)}{path.partition('?')[0]}"
        match status:
            case 409:
                return Reject(problem.message, where=where, code="incompatible")
            case 422:
                return Reject(problem.message, where=where, code="invalid-schema")
            case 401 | 403:
                return Halt(f"the registry refuses the credential ({status})", where=where)
            case _ if status in (408, 429) or status >= 500:  # noqa: PLR2004 - server errors
                what = f"the registry answers {status} {problem.error_code or ''}".rstrip()
                return Retry(what, where=where, system=True)
            case _:
                return self._strange(path, status)

    def _strange(self, path: str, status: int) -> Halt:
        return Halt(
            f"answers {status} as no schema registry does",
            where=f"{_origin(self._base)}{path.partition('?')[0]}",
            fix="check HUB_REGISTRY_URL",
        )


def register_all(client: RegistryClient, folder: Path) -> dict[str, int]:
    """Register every record of the folder, self-contained, under its full name; the ids by name.

    Raises Reject naming all that the registry refuses, Retry, Halt.
    """
    numbers: dict[str, int] = {}
    refused: list[str] = []
    for name, text in load(folder).texts.items():
        try:
            numbers[name] = client.register(name, text)
        except Reject as error:
            refused.append(f"{name}: {error.what}")
    if refused:
        raise Reject(
            "; ".join(refused),
            where=str(folder),
            fix=ANOTHER,
            code="incompatible",
        )
    return numbers


def register_own(client: RegistryClient, folder: Path, own: Mapping[str, Definition]) -> None:
    """Register the events that a bundle brings; they may mention the folder's shared types.

    Raises Reject for one that readers of its earlier version could not read, Retry, Halt.
    """
    if not own:
        return
    catalogue = load(folder)
    for name in sorted(catalogue.learn(own)):
        try:
            client.register(name, catalogue.texts[name])
        except Reject as error:
            error.where = error.where or f"schemas/{name}.avsc"
            raise


def check_own(client: RegistryClient, folder: Path, own: Mapping[str, Definition]) -> None:
    """Whether `register_own` would take them; nothing is written. Raises as it does."""
    if not own:
        return
    catalogue = load(folder)
    for name in sorted(catalogue.learn(own)):
        why = client.misfits(name, catalogue.texts[name])
        if why:
            raise Reject(
                "; ".join(why), where=f"schemas/{name}.avsc", fix=ANOTHER, code="incompatible"
            )


def _split(url: str) -> tuple[str, str]:
    """The address without its credential, and the credential as user:password."""
    parts = urlsplit(url)
    userinfo, at, host = parts.netloc.rpartition("@")
    user, _, password = userinfo.partition(":")
    password = unquote(password)
    if password.startswith(("env:", "file:")):
        password = resolve(password)
    base = urlunsplit((parts.scheme, host, parts.path.rstrip("/"), "", ""))
    return base, f"{unquote(user)}:{password}" if at else ""


def _origin(base: str) -> str:
    return urlsplit(base).netloc


def _quoted(subject: str) -> str:
    return quote(subject, safe="")


def _problem(raw: bytes) -> _Problem:
    try:
        return msgspec.json.decode(raw, type=_Problem)
    except msgspec.DecodeError:
        return _Problem()
