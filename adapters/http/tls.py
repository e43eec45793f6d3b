"""TLS as a client: whom we trust, and the certificate that we show (mutual TLS)."""

import os
import ssl
from contextlib import suppress
from functools import cache
from tempfile import NamedTemporaryFile

from hub.errors import Halt


def client_context(
    ca: str | None = None, certificate: str | None = None, key: str | None = None
) -> ssl.SSLContext:
    """TLS 1.2 or later, host names checked. All three are PEM texts.

    `ca`: trust these certificates instead of the machine's own. `certificate` (with
    its chain) and `key`: what is shown to a peer that asks.
    Raises Halt for a PEM that cannot be read or a key that does not fit.
    """
    if ca is None and certificate is None:
        return _plain()
    return _context(ca, certificate, key)


@cache
def _plain() -> ssl.SSLContext:
    """Reading the machine's root certificates takes 20 ms, so it is done once and when needed."""
    return _context(None, None, None)


def _context(ca: str | None, certificate: str | None, key: str | None) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cadata=ca)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if certificate is not None:
            _show(context, certificate, key or certificate)
    except (ssl.SSLError, ValueError) as error:
        raise Halt(
            f"the certificates for TLS cannot be used: {getattr(error, 'reason', '') or 'not PEM'}",
            where="outbound auth mtls",
            fix="give PEM texts: certificate with chain, its key without a password, ca",
        ) from error
    return context


def _show(context: ssl.SSLContext, certificate: str, key: str) -> None:
    """OpenSSL reads certificates from files only; the file is ours alone and gone at once."""
    file = NamedTemporaryFile("w", suffix=".pem", delete=False)  # noqa: SIM115 -- closed below
    try:
        with file:  # mode 0600
            file.write(f"{certificate}\n{key}\n" if key != certificate else certificate)
        context.load_cert_chain(file.name, password=lambda: b"")
    finally:
        with suppress(FileNotFoundError):
            os.unlink(file.name)  # noqa: PTH108 -- a name, not a path of ours
