"""A server on the sample contract, requests for it, and its answers taken apart."""

from dataclasses import dataclass, field

from adapters.http.messages import HttpRequest, HttpResponse, Refusal
from adapters.soap.envelope import bare
from adapters.soap.names import MEDIA_TYPE
from adapters.soap.server import SoapServer, open_server
from adapters.soap.template import compile_template
from hub.contract.binding import Auth, Binding, Limits
from tests.adapters.soap.keys import NOW
from tests.adapters.soap.samples import DOCUMENT, GUI, NS, contract

CONTENT = compile_template(contract().types, GUI, NS, "Gui")(DOCUMENT)


@dataclass
class MovableClock:
    now: float = field(default=NOW)

    def __call__(self) -> float:
        return self.now


def door(
    *auth: Auth,
    version: str = "1.1",
    clock: MovableClock | None = None,
    addresses: tuple[str, ...] | None = None,
    limits: Limits | None = None,
) -> SoapServer:
    binding = Binding("http://127.0.0.1", auth=auth, addresses=addresses, limits=limits or Limits())
    return open_server(contract(version), binding, clock or MovableClock())


def message(version: str = "1.1", header: str = "", content: str = CONTENT) -> bytes:
    return bare(version, header)(content).encode()


def post(body: bytes, version: str = "1.1", path: str = "/Mau", **headers: str) -> HttpRequest:
    fields = {"content-type": f"{MEDIA_TYPE[version]}; charset=utf-8", "host": "hub.example.test"}
    fields.update({name.replace("_", "-"): value for name, value in headers.items()})
    return HttpRequest("POST", path, "", fields, body, "127.0.0.1")


def get(path: str, query: str, host: str = "hub.example.test:8443", root: str = "") -> HttpRequest:
    return HttpRequest(
        "GET", path, query, {"host": host}, b"", "127.0.0.1", root=root, scheme="https"
    )


def refusal(server: SoapServer, request: HttpRequest) -> Refusal:
    """The refusal of a request that must be refused."""
    try:
        server.read(request)
    except Refusal as refused:
        return refused
    raise AssertionError("the request was let in")


def told(server: SoapServer, request: HttpRequest) -> HttpResponse:
    return server.refuse(refusal(server, request))
