"""Which schemas `hub registry` keeps: the hub's, unless an outside registry does."""

import pytest

from hub.registry.process import keeps_schemas
from hub.settings import load


@pytest.mark.parametrize(
    ("named", "listen", "keeps"),
    [
        ("", "127.0.0.1:0", True),
        ("http://127.0.0.1:8081", "127.0.0.1:8081", True),
        ("http://127.0.0.1:8081", "127.0.0.1:8082", False),
        ("https://user:word@schemas.example", "127.0.0.1:0", False),
    ],
)
def test_only_one_registry_writes_schemas(named: str, listen: str, *, keeps: bool) -> None:
    assert keeps_schemas(load({"HUB_REGISTRY_URL": named, "HUB_LISTEN": listen})) is keeps
