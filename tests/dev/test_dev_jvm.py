"""The start-up cache: made once, made anew when it is outdated, and never needed."""

import io
from pathlib import Path

import pytest

from hub.dev.kafka import DevBroker, prepare
from hub.dev.progress import Progress
from hub.errors import Halt
from tests.brokers import CACHE, link_cache

pytestmark = pytest.mark.system


def quietly() -> Progress:
    return Progress(io.StringIO(), live=False)


def test_the_cache_is_made_once_and_an_outdated_one_goes(tmp_home: Path) -> None:
    link_cache(tmp_home)
    cache = tmp_home / "dev"
    java = prepare(cache, quietly())
    java.cache.rename(java.cache.with_name(f"{java.jars.name}-outdated.aot"))

    told = io.StringIO()
    assert java == prepare(cache, Progress(told, live=False))
    assert "preparing fast starts, once\n" == told.getvalue()
    assert [java.cache] == list(cache.glob("*.aot"))
    made = java.cache.stat().st_mtime_ns

    prepare(cache, quietly())
    assert made == java.cache.stat().st_mtime_ns
    assert not java.cache.with_suffix(".training").exists()


def test_a_broker_starts_without_the_cache_too(tmp_home: Path) -> None:
    link_cache(tmp_home)
    java = prepare(tmp_home / "dev", quietly())
    java.cache.unlink()
    java.cache.with_suffix(".training").write_text("in the way")
    told = io.StringIO()
    with DevBroker(tmp_home, progress=Progress(told, live=False)) as broker:
        assert broker.pid is not None
    assert "starts will be slower" in told.getvalue()
    assert not java.cache.exists()


def test_a_damaged_cache_does_no_harm(tmp_home: Path) -> None:
    link_cache(tmp_home)
    java = prepare(tmp_home / "dev", quietly())
    java.cache.unlink()  # it is a link to the one that all tests use
    java.cache.write_bytes(b"damaged" * 1000)
    with DevBroker(tmp_home, progress=quietly()) as broker:
        assert broker.pid is not None


def test_a_tool_that_fails_tells_what_it_said(tmp_path: Path) -> None:
    java = prepare(CACHE, quietly())
    with pytest.raises(Halt, match=r"kafka.tools.StorageTool: ended with \d+:[\s\S]*sideways"):
        java.run((), "kafka.tools.StorageTool", "sideways", log=tmp_path / "out")
