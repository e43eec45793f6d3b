"""Whose certificates are trusted: the configured ones, and those that a configured CA issued."""

from base64 import b64decode
from binascii import Error as Base64Error
from collections import OrderedDict
from datetime import UTC, datetime
from threading import Lock

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from adapters.soap.denial import denied
from hub.errors import Reject

_BITS = 2048  # NIST SP 800-131A: shorter RSA keys are disallowed
_REMEMBERED = 64  # certificates; a system has a handful
_LONGEST = 16_384  # characters of a certificate in Base64


class Trust:
    """Certificates from a PEM text: CAs, or the very certificates that may sign (pinned).

    `subject`: with a CA that many are customers of, whose certificates are meant: the whole subject
    as RFC 4514 writes it, or its common name.
    """

    def __init__(self, pem: bytes, subject: str | None = None) -> None:
        """Raises Reject for a PEM without a certificate."""
        try:
            self._anchors = x509.load_pem_x509_certificates(pem)
        except ValueError as error:
            raise Reject(
                "the trusted certificates cannot be read",
                where="auth x509 ca",
                fix="give PEM certificates of a CA, or of the senders themselves",
            ) from error
        self._subject = subject
        self._known: OrderedDict[str, tuple[x509.Certificate, RSAPublicKey]] = OrderedDict()
        self._lock = Lock()

    def key(self, encoded: str, now: float) -> RSAPublicKey:
        """The key of a certificate (DER in Base64) that is trusted at `now`.

        Raises Refusal (401).
        """
        certificate, key = self._certificate(encoded)
        moment = datetime.fromtimestamp(now, UTC)
        if not certificate.not_valid_before_utc <= moment <= certificate.not_valid_after_utc:
            raise denied("The certificate is not valid now", "sign with a valid certificate")
        return key

    def _certificate(self, encoded: str) -> tuple[x509.Certificate, RSAPublicKey]:
        """Checked once; the answer is remembered for the next message of that sender."""
        with self._lock:
            known = self._known.get(encoded)
        if known is None:
            certificate = _decode(encoded)
            known = (certificate, self._trusted_key(certificate))
            with self._lock:
                self._known[encoded] = known
                if len(self._known) > _REMEMBERED:
                    self._known.popitem(last=False)
        return known

    def _trusted_key(self, certificate: x509.Certificate) -> RSAPublicKey:
        if not any(_vouches(anchor, certificate) for anchor in self._anchors):
            raise denied(
                "The certificate is not one of those that are trusted here",
                "sign with a certificate that was agreed, or whose CA was",
            )
        if self._subject is not None and self._subject not in _names(certificate):
            raise denied("The certificate is another's", "sign with the agreed certificate")
        key = certificate.public_key()
        if not isinstance(key, RSAPublicKey) or key.key_size < _BITS:
            raise denied("The key is not RSA of 2048 bits or more", "sign with such a key")
        return key


def _vouches(anchor: x509.Certificate, certificate: x509.Certificate) -> bool:
    if anchor == certificate:
        return True
    try:
        if not anchor.extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
            return False
        certificate.verify_directly_issued_by(anchor)
    except (x509.ExtensionNotFound, ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _names(certificate: x509.Certificate) -> set[str]:
    common = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return {certificate.subject.rfc4514_string(), *(str(name.value) for name in common)}


def _decode(encoded: str) -> x509.Certificate:
    if len(encoded) > _LONGEST:
        raise denied("The certificate is too long", "send one certificate, not a chain")
    try:
        return x509.load_der_x509_certificate(b64decode(encoded, validate=True))
    except (Base64Error, ValueError) as error:
        raise denied(
            "The certificate cannot be read", "send an X.509 certificate, DER in Base64"
        ) from error
