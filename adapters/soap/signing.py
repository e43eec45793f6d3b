"""Signs what we send: BinarySecurityToken, Timestamp and Body, rsa-sha256 over exclusive c14n.

The signature is put together by hand: an RSA signature costs most of a millisecond, a library that
builds trees around it costs several more, and what has to be canonical is two small elements.
zeep with xmlsec verifies the result in the tests.
"""

import hashlib
import uuid
from base64 import b64encode

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from adapters.soap.names import (
    BASE64,
    DS,
    ENVELOPE,
    EXC_C14N,
    RSA_SHA256,
    SHA256,
    WSSE,
    WSU,
    X509V3,
)
from adapters.soap.times import FRESH, written
from hub.contract.binding import Limits
from hub.contract.xml import Element, canonical, parse
from hub.errors import Reject


class Signer:
    """A key and its certificate."""

    def __init__(self, certificate: bytes, key: bytes) -> None:
        """Both as PEM. Raises Reject if they cannot be used or do not belong together."""
        try:
            read = x509.load_pem_x509_certificate(certificate)
            private = load_pem_private_key(key, password=None)
        except (ValueError, TypeError) as error:
            raise _unusable("the certificate or its key cannot be read") from error
        if not isinstance(private, RSAPrivateKey):
            raise _unusable("the key is not an RSA key")
        if private.public_key() != read.public_key():
            raise _unusable("the certificate does not belong to the key")
        self._key = private
        self._token = b64encode(read.public_bytes(Encoding.DER)).decode()

    def envelope(self, content: str, version: str, now: float) -> str:
        """The signed envelope around the body's element `content`."""
        tag = uuid.uuid4().hex
        security = (
            f'<wsse:Security xmlns:wsse="{WSSE}" xmlns:wsu="{WSU}" soap:mustUnderstand="1">'
            f'<wsse:BinarySecurityToken wsu:Id="X-{tag}" EncodingType="{BASE64}"'
            f' ValueType="{X509V3}">{self._token}</wsse:BinarySecurityToken>'
            f'<wsu:Timestamp wsu:Id="T-{tag}"><wsu:Created>{written(now)}</wsu:Created>'
            f"<wsu:Expires>{written(now + FRESH)}</wsu:Expires></wsu:Timestamp>"
        )
        before = f'<soap:Envelope xmlns:soap="{ENVELOPE[version]}"><soap:Header>{security}'
        after = (
            "</wsse:Security></soap:Header>"
            f'<soap:Body xmlns:wsu="{WSU}" wsu:Id="B-{tag}">{content}</soap:Body></soap:Envelope>'
        )
        return f"{before}{self._signature(before + after, tag)}{after}"

    def _signature(self, unsigned: str, tag: str) -> str:
        encoded = unsigned.encode()
        header, body = parse(encoded, Limits(), size=len(encoded))
        timestamp = header[0][1]
        # Written in canonical form, so that these bytes are what is signed.
        signed_info = (
            f'<ds:SignedInfo xmlns:ds="{DS}">'
            f'<ds:CanonicalizationMethod Algorithm="{EXC_C14N}"></ds:CanonicalizationMethod>'
            f'<ds:SignatureMethod Algorithm="{RSA_SHA256}"></ds:SignatureMethod>'
            f"{_reference(f'B-{tag}', body)}{_reference(f'T-{tag}', timestamp)}</ds:SignedInfo>"
        )
        value = self._key.sign(signed_info.encode(), padding.PKCS1v15(), hashes.SHA256())
        return (
            f'<ds:Signature xmlns:ds="{DS}">{signed_info}'
            f"<ds:SignatureValue>{b64encode(value).decode()}</ds:SignatureValue>"
            f'<ds:KeyInfo><wsse:SecurityTokenReference><wsse:Reference URI="#X-{tag}"'
            f' ValueType="{X509V3}"/></wsse:SecurityTokenReference></ds:KeyInfo></ds:Signature>'
        )


def _reference(name: str, element: Element) -> str:
    digest = b64encode(hashlib.sha256(canonical(element)).digest()).decode()
    return (
        f'<ds:Reference URI="#{name}"><ds:Transforms>'
        f'<ds:Transform Algorithm="{EXC_C14N}"></ds:Transform></ds:Transforms>'
        f'<ds:DigestMethod Algorithm="{SHA256}"></ds:DigestMethod>'
        f"<ds:DigestValue>{digest}</ds:DigestValue></ds:Reference>"
    )


def _unusable(what: str) -> Reject:
    return Reject(
        what,
        where="auth x509",
        fix="give an RSA key and its certificate, both as PEM without password",
    )
