"""Which texts are a credential that was written down, and which are not."""

import pytest

from hub.registry.credentials import credential_problems, manifest_credentials
from hub.registry.yaml_file import in_memory, read_yaml

JWT = "eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiIxMjM0NTY3ODkwIn0." + "dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (JWT, "a signed token (JWT)"),
        ("Authorization: Bearer kJ2hG8fD4sA9pO3iU7yT1rE5wQ6zX0cV", "a bearer token"),
        ("AKIA" + "Q4RST7UVWX2YZ3AB", "an access key"),
        ("see http://lan:Mua-Thu-2025@desk.example/", "a password in an address"),
    ],
)
def test_what_is_unmistakable_is_told_with_its_line_and_not_repeated(text: str, what: str) -> None:
    (found,) = credential_problems({"mapping.py": f"# one\n# {text}\n".encode()})
    assert (found.at, found.what) == ("mapping.py:2", f"holds {what}")
    assert text not in str(found)


@pytest.mark.parametrize(
    "text",
    [
        "the bearer of this letter is told",
        "Bearer {token}",
        "Bearer <token>",
        "http://{user}:{password}@host/",
        "https://desk.example:8443/path@here",
        "-----BEGIN PUBLIC KEY-----",
        "-----BEGIN CERTIFICATE-----",
    ],
)
def test_what_only_looks_like_one_is_let_be(text: str) -> None:
    assert not list(credential_problems({"mapping.py": text.encode()}))


def test_a_published_contract_may_show_a_token_as_an_example_and_no_private_key() -> None:
    assert not list(credential_problems({"contract/a.yaml": f"example: {JWT}".encode()}))
    key = f"-----BEGIN RSA {'PRIVATE'} KEY-----"
    assert list(credential_problems({"contract/a.yaml": key.encode()}))


@pytest.mark.parametrize(
    ("auth", "literal"),
    [
        ("{kind: bearer, token: $secret.token}", False),
        ("{kind: bearer, token: abc}", True),
        ("{kind: bearer, token: $setting.token}", True),
        ("{kind: api_key, header: X-Key, value: 12345}", True),
        (
            "{kind: login, operation: POST /in, send: {user: hub, password: x}, token: session}",
            True,
        ),
        ("{kind: login, operation: POST /in, send: {password: $secret.x}, token: session}", False),
        ("{kind: basic, username: hub, password: $secret.x}", False),
    ],
)
def test_a_credential_of_the_manifest_is_a_reference(auth: str, literal: bool) -> None:
    yaml = read_yaml(f"outbound:\n  auth:\n    - {auth}\n".encode(), "connector.yaml")
    found = list(manifest_credentials(yaml))
    assert bool(found) == literal
    assert all(problem.at == "connector.yaml:3" for problem in found)


@pytest.mark.parametrize("value", [None, 7, [], {"outbound": 7}, {"settings": [1]}, {"secrets": 1}])
def test_a_manifest_of_another_shape_is_somebody_elses_finding(value: object) -> None:
    assert not list(manifest_credentials(in_memory("connector.yaml", value)))  # type: ignore[arg-type]  # any shape
