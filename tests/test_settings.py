import re
from pathlib import Path

import pytest

from hub import settings as module
from hub.cli.reference import markdown
from hub.errors import Halt
from hub.settings import VARIABLES, load, misspelt, resolve

ROOT = Path(__file__).parents[1]


def test_nothing_has_to_be_set() -> None:
    settings = load({})
    assert settings.home == Path(".hub").absolute()
    assert (settings.bootstrap, settings.registry_url) == (None, None)
    assert (settings.listen, settings.partitions) == (("127.0.0.1", 0), 12)
    assert not settings.may_unmask
    assert settings.security.protocol == "PLAINTEXT"


def test_every_variable_is_described_and_every_description_is_read() -> None:
    source = Path(module.__file__).read_text(encoding="utf-8")
    read = set(re.findall(r'env\.get\(\s*"(HUB_\w+)"', source))
    read |= set(re.findall(r'"(HUB_KAFKA_SASL_\w+)"', source))
    assert read == {variable.name for variable in VARIABLES}


def test_the_reference_page_is_current() -> None:
    page = ROOT / "ops" / "reference" / "settings.md"
    assert page.read_text(encoding="utf-8") == markdown()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("HUB_PARTITIONS", "0", "'0' is not between 1 and 1000; unset it for the default, 12"),
        ("HUB_PARTITIONS", "many", "'many' is not between"),
        ("HUB_LISTEN", "8080", "'8080' is not HOST:PORT"),
        ("HUB_LISTEN", "::1:99999", "is not HOST:PORT"),
        ("HUB_MAY_UNMASK", "true", "'true' is not one of no, yes, second"),
        ("HUB_KAFKA_SECURITY", "TLS", "'TLS' is not one of PLAINTEXT"),
    ],
)
def test_a_wrong_value_is_refused_by_its_name(name: str, value: str, said: str) -> None:
    with pytest.raises(Halt) as refused:
        load({name: value})
    assert str(refused.value).startswith(f"{name}: ")
    assert said in str(refused.value)


def test_a_misspelt_variable_is_named_with_what_was_meant() -> None:
    given = {"HUB_REGISTRATION": "r.yaml", "hub_home": ".", "HOME": "/", "HUB_HOME": ".hub"}
    assert list(misspelt(given)) == [("HUB_REGISTRATION", "HUB_REGISTRATIONS")]


def test_the_variable_of_a_secret_is_no_misspelt_setting() -> None:
    followed = {"HUB_KAFKA_PASSWORD": "x", "HUB_KAFKA_SASL_PASSWORD": "env:HUB_KAFKA_PASSWORD"}
    assert list(misspelt(followed)) == []
    assert list(misspelt({"HUB_POSTAL_MY_PASSWORD": "x"})) == [], "as in decision 0003"


def test_a_file_of_registrations_that_was_named_must_be_there(tmp_path: Path) -> None:
    file = tmp_path / "registrations.yaml"
    with pytest.raises(Halt, match=r"HUB_REGISTRATIONS: there is no file .*; correct the path"):
        load({"HUB_REGISTRATIONS": str(file)})
    file.touch()
    assert load({"HUB_REGISTRATIONS": str(file)}).registrations == file
    assert load({}).registrations == Path("registrations.yaml").absolute(), "there may be none"


def test_sasl_needs_a_user_and_a_password() -> None:
    given = {"HUB_KAFKA_SECURITY": "SASL_SSL", "HUB_KAFKA_SASL_USERNAME": "hub"}
    with pytest.raises(Halt, match="HUB_KAFKA_SASL_PASSWORD"):
        load(given)
    found = load({**given, "HUB_KAFKA_SASL_PASSWORD": "env:SECRET"}).security
    assert (found.sasl_mechanism, found.sasl_password) == ("SCRAM-SHA-512", "env:SECRET")
    assert "env:SECRET" not in repr(found)


def test_a_password_in_place_of_its_reference_is_refused_and_not_repeated() -> None:
    given = {"HUB_KAFKA_SECURITY": "SASL_SSL", "HUB_KAFKA_SASL_USERNAME": "hub"}
    with pytest.raises(Halt, match="HUB_KAFKA_SASL_PASSWORD: is not a secret") as refused:
        load({**given, "HUB_KAFKA_SASL_PASSWORD": "hunter2"})
    assert "hunter2" not in str(refused.value)


def test_an_address_may_be_of_either_family() -> None:
    assert load({"HUB_LISTEN": "[::1]:80"}).listen == ("::1", 80)
    assert load({"HUB_LISTEN": "0.0.0.0:80"}).listen == ("0.0.0.0", 80)


def test_a_secret_is_read_where_its_reference_says(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("quiet\n", encoding="utf-8")
    assert resolve(f"file:{file}") == "quiet"


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("env:HUB_THERE_IS_NO_SUCH", "export HUB_THERE_IS_NO_SUCH"),
        ("file:/nowhere/at/all", "cannot be read"),
        ("hunter2", "is not a secret's reference"),
        ("", "is not a secret's reference"),
    ],
)
def test_a_reference_that_leads_nowhere_is_refused(reference: str, said: str) -> None:
    with pytest.raises(Halt, match=said):
        resolve(reference)


@pytest.mark.parametrize("secret", ["hunter2", "hunter2:with-a-colon", "x:hunter2"])
def test_a_secret_given_in_place_of_a_reference_is_not_repeated(secret: str) -> None:
    with pytest.raises(Halt) as refused:
        resolve(secret)
    assert "hunter2" not in str(refused.value)
