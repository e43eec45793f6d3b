"""What is asked of a message before its body is looked at: envelope, version, headers."""

from dataclasses import dataclass
from functools import lru_cache

from adapters.http.messages import HttpRequest, Refusal
from adapters.soap.names import ENVELOPE, SOAP11, SOAP12, WSSE
from hub.contract.xml import Element

_MEDIA_TYPES = frozenset({"text/xml", "application/soap+xml"})
_UTF8 = frozenset({"utf-8", "utf8", "us-ascii", "ascii"})
_SECURITY = f"{{{WSSE}}}Security"
_OURS = {  # roles that mean us: everybody on the way, or the end of it
    "",
    "http://schemas.xmlsoap.org/soap/actor/next",
    f"{SOAP12}/role/next",
    f"{SOAP12}/role/ultimateReceiver",
}
_HEADERS = 64  # a message needs two or three


@dataclass(frozen=True, slots=True)
class Envelope:
    """The parts of an envelope. `element`: the one element of the body."""

    version: str
    header: Element | None
    body: Element
    element: Element

    def security(self) -> Element | None:
        """The WS-Security header for us, if there is one. Raises Refusal for more than one."""
        if self.header is None:
            return None
        found = [block for block in self.header.iterchildren(_SECURITY) if self._is_ours(block)]
        if len(found) > 1:
            raise Refusal(
                401, "denied", "The message has several Security headers", "send one", "Security"
            )
        return found[0] if found else None

    def _is_ours(self, block: Element) -> bool:
        soap = ENVELOPE[self.version]
        role = "actor" if self.version == "1.1" else "role"
        return block.get(f"{{{soap}}}{role}", "") in _OURS

    def check_understood(self, *, security: bool) -> None:
        """Raises Refusal for a header that must be understood and is not.

        `security`: whether the WS-Security header was processed.
        """
        if self.header is None:
            return
        if len(self.header) > _HEADERS:
            raise Refusal(400, "malformed", "The message has too many headers", "send fewer")
        must = f"{{{ENVELOPE[self.version]}}}mustUnderstand"
        for block in self.header:
            understood = security and block.tag == _SECURITY
            if block.get(must) in ("1", "true") and self._is_ours(block) and not understood:
                raise Refusal(
                    500,
                    "must-understand",
                    "A header that must be understood is not known here",
                    "leave the header out, or do not mark it mustUnderstand",
                )


def open_envelope(root: Element, version: str) -> Envelope:
    """Take a message apart. Raises Refusal: malformed, or another version of SOAP."""
    soap = ENVELOPE[version]
    if root.tag != f"{{{soap}}}Envelope":
        if root.tag in (f"{{{SOAP11}}}Envelope", f"{{{SOAP12}}}Envelope"):
            raise Refusal(
                500,
                "version-mismatch",
                f"This service speaks SOAP {version}",
                f"send an envelope of the namespace {soap}",
            )
        raise _malformed("The message is no SOAP envelope", "send a SOAP Envelope")
    parts = list(root)
    names = [part.tag for part in parts]
    if names not in ([f"{{{soap}}}Body"], [f"{{{soap}}}Header", f"{{{soap}}}Body"]):
        raise _malformed(
            "The envelope is not one Header and one Body", "send at most one Header, then one Body"
        )
    body = parts[-1]
    if len(body) != 1:
        raise _malformed("The Body does not hold exactly one element", "send one request a message")
    return Envelope(version, parts[0] if len(parts) > 1 else None, body, body[0])


def _malformed(title: str, detail: str) -> Refusal:
    return Refusal(400, "malformed", title, detail)


def check_media_type(request: HttpRequest) -> None:
    """Raises Refusal (415) for what is not XML in UTF-8 as it stands."""
    misfit = _misfit(request.headers.get("content-type", ""))
    if misfit:
        raise _unsupported(misfit)
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise _unsupported("send the message without content-encoding")


@lru_cache(maxsize=256)  # a system sends the same words every time
def _misfit(content_type: str) -> str:
    """What to send instead, "" if it is good."""
    media_type, _, parameters = content_type.partition(";")
    if media_type.strip().lower() not in _MEDIA_TYPES:
        return "send text/xml (SOAP 1.1) or application/soap+xml (1.2), no attachments"
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset" and value.strip(" \"'").lower() not in _UTF8:
            return "send UTF-8"
    return ""


def _unsupported(detail: str) -> Refusal:
    return Refusal(415, "unsupported-media-type", "This form of message is not accepted", detail)
