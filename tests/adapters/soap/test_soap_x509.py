"""Signed messages: a stock client's are let in, ours pass a stock verifier, forged ones do not."""

import hashlib
from base64 import b64encode
from collections.abc import Callable
from contextlib import suppress

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from zeep.exceptions import SignatureVerificationFailed

from adapters.http.messages import Refusal
from adapters.soap.names import DS, EXC_C14N, SOAP11, WSSE, WSU
from adapters.soap.server import SoapServer
from adapters.soap.signing import Signer
from adapters.soap.times import written
from hub.contract.binding import Auth
from hub.contract.types import Document
from hub.contract.xml import Element, canonical
from hub.errors import Reject
from tests.adapters.soap.doors import CONTENT, MovableClock, door, message, post, refusal
from tests.adapters.soap.keys import NOW, Identity, elliptic_key_pem, identity
from tests.adapters.soap.oracle import sign_with_zeep, verify_with_zeep
from tests.adapters.soap.samples import DOCUMENT

CA = identity("CA tỉnh")
SENDER = identity("Một cửa", "CA tỉnh")
STRANGER = identity("Kẻ lạ", "CA khác")
BODY = f"{{{SOAP11}}}Body"
ID = f"{{{WSU}}}Id"


def auth(identity: Identity = CA, **more: str) -> Auth:
    return Auth("x509", {"ca": identity.pem, **more})


def signed(
    content: str = CONTENT, by: Identity = SENDER, now: float = NOW, version: str = "1.1"
) -> bytes:
    signer = Signer(by.pem.encode(), by.key_pem.encode())
    return signer.envelope(content, version, now).encode()


@pytest.fixture
def server() -> SoapServer:
    return door(auth())


def by_zeep(
    *,
    binary: bool = True,
    signature: str = "RsaSha256",
    digest: str = "Sha256",
    stamped: bool = True,
) -> bytes:
    """A message that zeep with xmlsec signed."""
    stamp = (
        f'<u:Timestamp xmlns:u="{WSU}"><u:Created>{written(NOW)}</u:Created>'
        f"<u:Expires>{written(NOW + 60)}</u:Expires></u:Timestamp>"
    )
    security = f'<w:Security xmlns:w="{WSSE}">{stamp if stamped else ""}</w:Security>'
    envelope = etree.fromstring(message(header=security).partition(b"?>")[2])
    sign_with_zeep(envelope, SENDER.key_pem, SENDER.pem, signature, digest, binary=binary)
    return bytes(etree.tostring(envelope))


@pytest.mark.parametrize("binary", [True, False])
def test_a_message_that_zeep_signed_is_let_in(server: SoapServer, binary: bool) -> None:
    found = server.read(post(by_zeep(binary=binary)))
    assert DOCUMENT == found.document


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_what_we_sign_passes_zeeps_verification(version: str) -> None:
    verify_with_zeep(signed(version=version), SENDER.pem)


def test_what_we_sign_changed_does_not_pass_zeeps_verification() -> None:
    with pytest.raises(SignatureVerificationFailed):
        verify_with_zeep(signed().replace(b"GD-1", b"GD-2"), SENDER.pem)


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_our_client_is_let_in_by_our_server(version: str) -> None:
    found = door(auth(), version=version).read(post(signed(version=version), version))
    assert DOCUMENT == found.document


def test_a_pinned_certificate_is_enough() -> None:
    assert DOCUMENT == door(auth(SENDER)).read(post(signed())).document


def test_with_a_subject_another_certificate_of_the_same_ca_is_refused() -> None:
    other = identity("Đơn vị khác", "CA tỉnh")
    server = door(auth(subject="Một cửa"))
    assert "another's" in refusal(server, post(signed(by=other))).title
    assert server.read(post(signed())).document == DOCUMENT


@pytest.mark.parametrize(
    ("body", "title"),
    [
        (signed(by=STRANGER), "not one of those that are trusted"),
        (signed(by=CA), ""),
        (signed(by=identity("ngắn", "CA tỉnh", 1024)), "not RSA of 2048 bits"),
        (signed(by=identity("cũ", "CA tỉnh", 2048, 30)), "certificate is not valid now"),
        (signed(now=NOW - 301), "Timestamp is not fresh"),
        (signed(now=NOW + 301), "Timestamp is not fresh"),
        (by_zeep(signature="RsaSha1"), "algorithm is not accepted"),
        (by_zeep(digest="Sha1"), "digest is not accepted"),
        (by_zeep(stamped=False), "no Timestamp"),
        (signed().replace(b"GD-1", b"GD-2"), "signed part was changed"),
        (
            signed().replace(written(NOW).encode(), written(NOW + 1).encode()),
            "signed part was changed",
        ),
    ],
)
def test_a_signature_that_proves_nothing_is_refused(
    server: SoapServer, body: bytes, title: str
) -> None:
    if not title:  # the CA's own certificate is one of those that are configured
        assert server.read(post(body)).document == DOCUMENT
        return
    refused = refusal(server, post(body))
    assert (401, "denied") == (refused.status, refused.code)
    assert title in refused.title


def test_a_signed_message_is_taken_once(server: SoapServer) -> None:
    body = signed()
    server.read(post(body))
    assert "used before" in refusal(server, post(body)).title


def test_a_signed_message_is_not_taken_after_its_time() -> None:
    clock = MovableClock()
    server, body = door(auth(), clock=clock), signed()
    clock.now += 301
    assert "not fresh" in refusal(server, post(body)).title


def test_a_message_past_its_own_expiry_is_refused() -> None:
    clock = MovableClock()
    server = door(auth(), clock=clock)
    first, second = by_zeep(), by_zeep()  # both expire after a minute
    clock.now += 119
    assert server.read(post(first)).document == DOCUMENT  # a minute between clocks is allowed
    clock.now += 2
    assert "has expired" in refusal(server, post(second)).title


WHOLE = signed()


# -- signature wrapping: the signed part is moved away, another body is put in its place

EVIL = CONTENT.replace("GD-1", "GD-EVIL")


def moved_to_header(root: Element) -> None:
    """The signed Body in a header block of its own, an evil one without an id in its place."""
    header, body = root[0], root[1]
    root.remove(body)
    block = etree.SubElement(header, "{urn:x}Wrapper")
    block.append(body)
    evil_body(root)


def moved_to_security(root: Element) -> None:
    header, body = root[0], root[1]
    root.remove(body)
    header[0].append(body)
    evil_body(root)


def evil_with_the_same_id(root: Element) -> None:
    """Two elements with the signed id: which is found first depends on the library."""
    body = root[1]
    moved_to_header(root)
    root[1].set(ID, str(body.get(ID)))


def evil_with_xml_id(root: Element) -> None:
    body = root[1]
    moved_to_header(root)
    root[1].set("{http://www.w3.org/XML/1998/namespace}id", str(body.get(ID)))


def evil_before_the_signed_body(root: Element) -> None:
    body = root[1]
    evil_body(root)
    root.append(body)


def evil_after_the_signed_body(root: Element) -> None:
    evil_body(root)


def evil_element_beside_the_signed_one(root: Element) -> None:
    """Both in an unsigned Body; the signed element keeps its own id."""
    body = root[1]
    root.remove(body)
    evil = evil_body(root)
    evil.append(body[0])


def signed_body_inside_the_evil_one(root: Element) -> None:
    body = root[1]
    root.remove(body)
    evil_body(root)[0].append(body)


def evil_in_the_signatures_object(root: Element) -> None:
    """The signed Body inside the signature itself, as ds:Object."""
    body = root[1]
    root.remove(body)
    signature = next(root.iter(f"{{{DS}}}Signature"))
    etree.SubElement(signature, f"{{{DS}}}Object").append(body)
    evil_body(root)


def timestamp_swapped(root: Element) -> None:
    """The signed Timestamp in a wrapper, a fresh unsigned one where it is looked for."""
    security = root[0][0]
    stamp = security.find(f"{{{WSU}}}Timestamp")
    assert stamp is not None
    fresh = etree.fromstring(etree.tostring(stamp))
    fresh.attrib.clear()
    security.replace(stamp, fresh)
    etree.SubElement(root[0], "{urn:x}Wrapper").append(stamp)


def two_signatures(root: Element) -> None:
    signature = next(root.iter(f"{{{DS}}}Signature"))
    root[0][0].append(etree.fromstring(etree.tostring(signature)))


def second_security_header(root: Element) -> None:
    root[0].append(etree.fromstring(etree.tostring(root[0][0])))


def no_signature(root: Element) -> None:
    signature = next(root.iter(f"{{{DS}}}Signature"))
    root[0][0].remove(signature)


def body_reference_removed(root: Element) -> None:
    info = next(root.iter(f"{{{DS}}}SignedInfo"))
    info.remove(info[2])


def whole_document_reference(root: Element) -> None:
    next(root.iter(f"{{{DS}}}Reference")).set("URI", "")


def xpath_transform(root: Element) -> None:
    next(root.iter(f"{{{DS}}}Transform")).set(
        "Algorithm", "http://www.w3.org/TR/1999/REC-xpath-19991116"
    )


def own_certificate(root: Element) -> None:
    """The attacker's certificate beside somebody's signature."""
    token = next(root.iter(f"{{{WSSE}}}BinarySecurityToken"))
    token.text = b64encode(STRANGER.certificate.public_bytes(Encoding.DER)).decode()


def certificate_out_of_place(root: Element) -> None:
    token = next(root.iter(f"{{{WSSE}}}BinarySecurityToken"))
    etree.SubElement(root[0], "{urn:x}Wrapper").append(token)


def evil_body(root: Element) -> Element:
    evil = etree.Element(BODY)
    evil.append(etree.fromstring(EVIL))
    root.insert(1, evil)
    return evil


FORGERIES: tuple[tuple[Callable[[Element], None], str], ...] = (
    (moved_to_header, "does not cover the Body"),
    (moved_to_security, "does not cover the Body"),
    (evil_with_the_same_id, "An id stands twice"),
    (evil_with_xml_id, "An id stands twice"),
    (evil_before_the_signed_body, "not one Header and one Body"),
    (evil_after_the_signed_body, "not one Header and one Body"),
    (evil_element_beside_the_signed_one, "not hold exactly one element"),
    (signed_body_inside_the_evil_one, "does not cover the Body"),
    (evil_in_the_signatures_object, "does not cover the Body"),
    (timestamp_swapped, "does not cover the Timestamp"),
    (two_signatures, "2 signatures in its headers"),
    (second_security_header, "several Security headers"),
    (no_signature, "no signatures in its headers"),
    (body_reference_removed, "does not hold"),
    (whole_document_reference, "does not hold"),
    (xpath_transform, "does not hold"),
    (own_certificate, "not one of those that are trusted"),
    (certificate_out_of_place, "certificate is not in the message"),
)


@pytest.mark.parametrize(("forge", "title"), FORGERIES)
def test_a_forged_message_is_refused(
    server: SoapServer, forge: Callable[[Element], None], title: str
) -> None:
    root = etree.fromstring(signed())
    forge(root)
    refused = refusal(server, post(etree.tostring(root)))
    assert refused.code in ("denied", "malformed")
    assert title in refused.title
    assert refused.detail


# -- what the key's owner himself may not say: SignedInfo changed and signed again


def inclusive_canonicalisation(root: Element) -> None:
    method = next(root.iter(f"{{{DS}}}Transform"))
    method.set("Algorithm", "http://www.w3.org/TR/2001/REC-xml-c14n-20010315")


def two_transforms(root: Element) -> None:
    transforms = next(root.iter(f"{{{DS}}}Transforms"))
    transforms.append(etree.fromstring(etree.tostring(transforms[0])))


def too_many_references(root: Element) -> None:
    info = next(root.iter(f"{{{DS}}}SignedInfo"))
    for _ in range(20):
        info.append(etree.fromstring(etree.tostring(info[2])))


def no_references(root: Element) -> None:
    info = next(root.iter(f"{{{DS}}}SignedInfo"))
    for reference in list(info)[2:]:
        info.remove(reference)


def a_part_of_the_body_too(root: Element) -> None:
    """The element inside the Body is signed on its own as well: it could be carried elsewhere."""
    info = next(root.iter(f"{{{DS}}}SignedInfo"))
    part = root[1][0]
    part.set(ID, "part")
    refresh(info[2], root[1])
    reference = etree.fromstring(etree.tostring(info[2]))
    reference.set("URI", "#part")
    refresh(reference, part)
    info.append(reference)


def refresh(reference: Element, target: Element) -> None:
    digest = hashlib.sha256(canonical(target)).digest()
    next(reference.iter(f"{{{DS}}}DigestValue")).text = b64encode(digest).decode()


def unknown_target(root: Element) -> None:
    next(root.iter(f"{{{DS}}}Reference")).set("URI", "#nowhere")


def unreadable_digest(root: Element) -> None:
    next(root.iter(f"{{{DS}}}DigestValue")).text = "!"


def many_prefixes(root: Element) -> None:
    prefixes = " ".join(f"p{n}" for n in range(40))
    transform = next(root.iter(f"{{{DS}}}Transform"))
    etree.SubElement(transform, f"{{{EXC_C14N}}}InclusiveNamespaces", PrefixList=prefixes)


@pytest.mark.parametrize(
    ("change", "title"),
    [
        (body_reference_removed, "does not cover the Body"),
        (whole_document_reference, "leads out of the message"),
        (xpath_transform, "canonicalisation is not accepted"),
        (inclusive_canonicalisation, "canonicalisation is not accepted"),
        (two_transforms, "transforms what it covers"),
        (too_many_references, "nothing, or too many"),
        (no_references, "nothing, or too many"),
        (a_part_of_the_body_too, "neither Body nor header"),
        (unknown_target, "refers to what is not there"),
        (unreadable_digest, "cannot be read"),
        (many_prefixes, "canonicalisation is not accepted"),
    ],
)
def test_a_true_signature_over_the_wrong_things_is_refused(
    server: SoapServer, change: Callable[[Element], None], title: str
) -> None:
    root = etree.fromstring(signed())
    change(root)
    info = next(root.iter(f"{{{DS}}}SignedInfo"))
    value = SENDER.key.sign(canonical(info), padding.PKCS1v15(), hashes.SHA256())
    next(root.iter(f"{{{DS}}}SignatureValue")).text = b64encode(value).decode()
    assert title in refusal(server, post(etree.tostring(root))).title


def test_the_wrapping_that_zeep_lets_pass_is_refused(server: SoapServer) -> None:
    """Why we verify ourselves: the same forgery passes the stock verifier."""
    root = etree.fromstring(signed())
    moved_to_header(root)
    forged = etree.tostring(root)
    verify_with_zeep(forged, SENDER.pem)
    assert "does not cover the Body" in refusal(server, post(forged)).title


def test_a_comment_in_a_signed_value_does_not_cut_it(server: SoapServer) -> None:
    body = signed().replace(b"GD-1", b"GD<!-- -->-1")  # canonical XML knows no comments
    document: Document = server.read(post(body)).document
    assert document["Ma"] == "GD-1"


@pytest.mark.parametrize("part", [b"<ds:SignedInfo ", b"<n0:Gui "])
def test_a_part_without_a_canonical_form_is_refused(server: SoapServer, part: bytes) -> None:
    body = signed().replace(part, part + b'xmlns:r="a/b" r:x="1" ', 1)
    assert refusal(server, post(body)).code == "denied"


@settings(max_examples=300)
@given(
    place=st.floats(0, 1),
    length=st.integers(0, 40),
    put=st.binary(max_size=12) | st.text().map(str.encode),
)
def test_a_damaged_message_is_refused_and_breaks_nothing(
    place: float, length: int, put: bytes
) -> None:
    at = int(place * len(WHOLE))
    damaged = WHOLE[:at] + put + WHOLE[at + length :]
    with suppress(Refusal):
        # If it is let in, what changed was no part of what the signature covers.
        assert door(auth()).read(post(damaged)).document == DOCUMENT


@pytest.mark.parametrize(
    ("certificate", "key", "what"),
    [
        ("x", SENDER.key_pem, "cannot be read"),
        (SENDER.pem, "x", "cannot be read"),
        (SENDER.pem, STRANGER.key_pem, "does not belong to the key"),
        (SENDER.pem, elliptic_key_pem(), "not an RSA key"),
    ],
)
def test_a_key_that_cannot_sign_is_refused_when_opened(
    certificate: str, key: str, what: str
) -> None:
    with pytest.raises(Reject, match=what):
        Signer(certificate.encode(), key.encode())


def test_a_ca_that_cannot_be_read_is_refused_when_opened() -> None:
    with pytest.raises(Reject, match="trusted certificates cannot be read"):
        door(Auth("x509", {"ca": "x"}))
