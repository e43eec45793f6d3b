"""Which key certifies here, and whose certificates count: the files and settings behind both."""

from hub.errors import Halt
from hub.kept_secret import kept_secret
from hub.registry.certificates import (
    Certifier,
    PrivateKey,
    draw_key,
    private_key,
    public_bytes,
    read_certifiers,
)
from hub.settings import Settings, resolve


def own_key(settings: Settings) -> PrivateKey:
    """The key that signs certificates here: HUB_CERTIFY_KEY, or one drawn once under HUB_HOME.

    Raises Halt where the reference leads to no Ed25519 key.
    """
    if settings.certify_key:
        return private_key(resolve(settings.certify_key), "HUB_CERTIFY_KEY")
    file = settings.home / "state" / "certify.key"
    return private_key(kept_secret(file, lambda: draw_key().decode()), "state/certify.key")


def known_certifiers(settings: Settings) -> tuple[Certifier, ...]:
    """Whose certificates count: those of HUB_CERTIFIERS; without it, our own key's alone.

    Raises Halt where the file cannot be read, or a line of it is no certifier.
    """
    file = settings.certifiers
    if file is None:
        return (Certifier("this hub", public_bytes(own_key(settings))),)
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        what = f"cannot be read ({type(error).__name__})"
        raise Halt(what, where="HUB_CERTIFIERS", fix="one a line: NAME KEY") from error
    return read_certifiers(text, file.name)
