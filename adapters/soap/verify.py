"""Is this message signed by who may send it? WS-Security X.509, one strict profile.

XML Signature lets a message say what was signed, and the classic attacks move the signed part away
and put another body in its place (McIntosh and Austel, 2005). So this does not ask "is there a
valid signature?" but "is *this* body, the one that will be read, covered, and by whom?": references
are resolved by our own index of ids, and the target must be the very element that is processed.
Comments cannot help either: the parser drops them, and the canonical form knows none.
"""

import hashlib
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Mapping
from hmac import compare_digest

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from adapters.soap.denial import denied
from adapters.soap.names import DS, EXC_C14N, RSA_SHA256, SHA256, WSSE, WSU, X509V3, XML
from adapters.soap.seen import Seen
from adapters.soap.times import FRESH
from adapters.soap.timestamp import check as check_timestamp
from adapters.soap.timestamp import find as find_timestamp
from adapters.soap.trust import Trust
from hub.contract.xml import Element, XmlError, canonical

_DSIG_MORE = "http://www.w3.org/2001/04/xmldsig-more#"
_XMLENC = "http://www.w3.org/2001/04/xmlenc#"
_SIGNATURES: Mapping[str, hashes.HashAlgorithm] = {
    RSA_SHA256: hashes.SHA256(),
    f"{_DSIG_MORE}rsa-sha384": hashes.SHA384(),
    f"{_DSIG_MORE}rsa-sha512": hashes.SHA512(),
}
_DIGESTS = {SHA256: hashlib.sha256, f"{_XMLENC}sha512": hashlib.sha512}
_REFERENCES = 16  # each costs a canonicalisation of what it points to
_PREFIXES = 32
_USE = "sign with rsa-sha256, sha256 and exclusive canonicalisation"


def check(body: Element, security: Element, trust: Trust, now: float, seen: Seen) -> None:
    """Raises Refusal (401) unless `body` and a fresh Timestamp are signed by a trusted key."""
    signature = _signature(security)
    ids = _ids(body.getroottree().getroot())
    signed_info = _one(signature, f"{{{DS}}}SignedInfo")
    value = _verified(signature, signed_info, trust, _certificate(signature, security, ids), now)
    timestamp = find_timestamp(security)
    if timestamp is None:
        raise denied("The message has no Timestamp", "send a Timestamp and sign it")
    _check_covered(_references(signed_info, ids), body, security, timestamp)
    check_timestamp(timestamp, now)
    if not seen.first(hashlib.sha256(value).digest(), now, 2 * FRESH):
        raise denied("The signed message was used before", "sign every message anew")


def _signature(security: Element) -> Element:
    """The signature of this header; another one anywhere in the headers has no business there."""
    header = security.getparent()
    inside = [] if header is None else list(header.iter(f"{{{DS}}}Signature"))
    if len(inside) != 1 or inside[0].getparent() is not security:
        raise denied(
            f"The message has {len(inside) or 'no'} signatures in its headers",
            "send exactly one, directly in the WS-Security header",
        )
    return inside[0]


def _ids(root: Element) -> dict[str, Element]:
    """Every id of the document, told by the attributes that signatures refer to."""
    found: dict[str, Element] = {}
    for element in root.iter():
        for name in _names_of_id(element):
            value = element.get(name)
            if value is None:
                continue
            if value in found:
                raise denied("An id stands twice in the message", "make every id unique")
            found[value] = element
    return found


def _names_of_id(element: Element) -> tuple[str, ...]:
    return _DS_IDS if str(element.tag).startswith(_DS_TAG) else _IDS


_IDS = (f"{{{WSU}}}Id", f"{{{XML}}}id")
_DS_IDS = (*_IDS, "Id")
_DS_TAG = f"{{{DS}}}"


def _certificate(signature: Element, security: Element, ids: Mapping[str, Element]) -> str:
    """The signer's certificate in Base64: a BinarySecurityToken, or inside the KeyInfo."""
    reference = _one(_one(signature, f"{{{DS}}}KeyInfo"), f"{{{WSSE}}}SecurityTokenReference")
    inside = reference.findall(f"{{{DS}}}X509Data/{{{DS}}}X509Certificate")
    if len(inside) == 1:
        return "".join((inside[0].text or "").split())
    token = ids.get(_fragment(_one(reference, f"{{{WSSE}}}Reference")))
    if (
        token is None
        or token.tag != f"{{{WSSE}}}BinarySecurityToken"
        or token.getparent() is not security
        or token.get("ValueType") != X509V3
    ):
        raise denied(
            "The signer's certificate is not in the message",
            "send it as a BinarySecurityToken of type X509v3 in the WS-Security header",
        )
    return "".join((token.text or "").split())


def _verified(
    signature: Element, signed_info: Element, trust: Trust, certificate: str, now: float
) -> bytes:
    """The value of the signature, which holds over SignedInfo."""
    value = _decoded(_one(signature, f"{{{DS}}}SignatureValue"))
    algorithm = _SIGNATURES.get(_algorithm(_one(signed_info, f"{{{DS}}}SignatureMethod")))
    if algorithm is None:
        raise denied("The signature's algorithm is not accepted", _USE)
    prefixes = _exclusive(_one(signed_info, f"{{{DS}}}CanonicalizationMethod"))
    key = trust.key(certificate, now)
    try:
        key.verify(value, _canonical(signed_info, prefixes), padding.PKCS1v15(), algorithm)
    except InvalidSignature:
        raise denied("The signature does not hold", "send the message as it was signed") from None
    return value


def _references(signed_info: Element, ids: Mapping[str, Element]) -> list[Element]:
    """The elements that the signature covers, each with the digest that it says."""
    references = signed_info.findall(f"{{{DS}}}Reference")
    if not 0 < len(references) <= _REFERENCES:
        raise denied("The signature covers nothing, or too many parts", "sign Body and Timestamp")
    return [_referenced(reference, ids) for reference in references]


def _referenced(reference: Element, ids: Mapping[str, Element]) -> Element:
    target = ids.get(_fragment(reference))
    if target is None:
        raise denied("The signature refers to what is not there", "sign Body and Timestamp")
    transforms = _one(reference, f"{{{DS}}}Transforms")
    if len(transforms) != 1:
        raise denied("The signature transforms what it covers", _USE)
    prefixes = _exclusive(_one(transforms, f"{{{DS}}}Transform"))
    make = _DIGESTS.get(_algorithm(_one(reference, f"{{{DS}}}DigestMethod")))
    if make is None:
        raise denied("The signature's digest is not accepted", _USE)
    expected = _decoded(_one(reference, f"{{{DS}}}DigestValue"))
    if not compare_digest(make(_canonical(target, prefixes)).digest(), expected):
        raise denied("A signed part was changed", "send the message as it was signed")
    return target


def _check_covered(
    covered: list[Element], body: Element, security: Element, timestamp: Element
) -> None:
    """Body and Timestamp are covered, and nothing beside headers is: no second body hides there."""
    if not any(element is body for element in covered):
        raise denied("The signature does not cover the Body", "sign the Body that is sent")
    if not any(element is timestamp for element in covered):
        raise denied("The signature does not cover the Timestamp", "sign the Timestamp")
    header = security.getparent()
    for element in covered:
        if element is not body and element.getparent() not in (security, header):
            raise denied(
                "The signature covers a part that is neither Body nor header",
                "sign the Body, the Timestamp and headers",
            )


def _fragment(reference: Element) -> str:
    uri = reference.get("URI", "")
    if not uri.startswith("#") or len(uri) < len("#i"):
        raise denied("A reference leads out of the message", 'refer to parts by "#" and their id')
    return uri[1:]


def _exclusive(method: Element) -> tuple[str, ...]:
    """The inclusive prefixes of an exclusive canonicalisation; nothing else is accepted."""
    if _algorithm(method) != EXC_C14N or len(method) > 1:
        raise denied("The canonicalisation is not accepted", _USE)
    if len(method) == 0:
        return ()
    prefixes = _one(method, f"{{{EXC_C14N}}}InclusiveNamespaces").get("PrefixList", "").split()
    if len(prefixes) > _PREFIXES:
        raise denied("The canonicalisation is not accepted", _USE)
    return tuple(prefixes)


def _canonical(element: Element, prefixes: tuple[str, ...]) -> bytes:
    try:
        return canonical(element, prefixes)
    except (XmlError, ValueError):  # it has no form for relative namespace names, for one
        raise denied(
            "A signed part has no canonical form", "use absolute namespace names"
        ) from None


def _algorithm(element: Element) -> str:
    return element.get("Algorithm", "")


def _decoded(element: Element) -> bytes:
    try:
        return b64decode("".join((element.text or "").split()), validate=True)
    except (Base64Error, ValueError):
        raise denied("The signature cannot be read", _USE) from None


def _one(parent: Element, tag: str) -> Element:
    found = list(parent.iterchildren(tag))
    if len(found) != 1:
        name = tag.rpartition("}")[2]
        raise denied(f"The signature has {len(found) or 'no'} {name}", f"send exactly one {name}")
    return found[0]
