"""Which key certifies here, and whose certificates count."""

from pathlib import Path

import pytest

from hub.errors import Halt
from hub.registry.certificates import certifier_line, draw_key, private_key, public_bytes
from hub.registry.certifiers import known_certifiers, own_key
from hub.settings import load


def test_without_settings_a_hub_trusts_the_key_that_it_has_drawn(tmp_path: Path) -> None:
    settings = load({"HUB_HOME": str(tmp_path)})
    key = own_key(settings)
    assert [one.key for one in known_certifiers(settings)] == [public_bytes(key)]
    assert public_bytes(own_key(settings)) == public_bytes(key), "drawn once"
    assert (tmp_path / "state" / "certify.key").stat().st_mode & 0o777 == 0o600


def test_a_file_of_certifiers_says_who_counts(tmp_path: Path) -> None:
    pem = draw_key().decode()
    (tmp_path / "key.pem").write_text(pem)
    key = private_key(pem, "key.pem")
    (tmp_path / "certifiers").write_text(certifier_line("desk", public_bytes(key)))
    settings = load(
        {
            "HUB_HOME": str(tmp_path),
            "HUB_CERTIFIERS": str(tmp_path / "certifiers"),
            "HUB_CERTIFY_KEY": f"file:{tmp_path / 'key.pem'}",
        }
    )
    assert [one.name for one in known_certifiers(settings)] == ["desk"]
    assert public_bytes(own_key(settings)) == known_certifiers(settings)[0].key


def test_a_file_that_is_not_there_trusts_nobody(tmp_path: Path) -> None:
    settings = load({"HUB_CERTIFIERS": str(tmp_path / "no")})
    with pytest.raises(Halt, match="HUB_CERTIFIERS: cannot be read"):
        known_certifiers(settings)


def test_a_damaged_key_of_our_own_is_named(tmp_path: Path) -> None:
    file = tmp_path / "state" / "certify.key"
    file.parent.mkdir()
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(Halt, match=r"state/certify.key: is no Ed25519"):
        own_key(load({"HUB_HOME": str(tmp_path)}))
