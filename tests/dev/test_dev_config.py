"""The configuration says what the hub's promises rest on."""

import re
from pathlib import Path

import pytest

from hub.dev.config import Ports, log4j2_properties, server_properties
from hub.errors import Reject

PORTS = Ports(broker=19092, controller=19093)


def as_java_reads(text: str) -> dict[str, str]:
    """What java.util.Properties makes of it: escapes resolved, one pair a line."""
    text.encode("ascii")

    def plain(escape: re.Match[str]) -> str:
        return chr(int(escape[1], 16)) if escape[1] else escape[2]

    pairs = (line.partition("=") for line in text.splitlines())
    return {
        key: re.sub(r"\\u([0-9a-f]{4})|\\(.)", plain, value)
        .encode("utf-16", "surrogatepass")
        .decode("utf-16")
        for key, _, value in pairs
    }


def test_nothing_listens_beyond_this_machine() -> None:
    settings = as_java_reads(server_properties(PORTS, Path("/data")))
    for key in ("listeners", "advertised.listeners", "controller.quorum.voters"):
        hosts = re.findall(r"(?://|@)([^:/]+):", settings[key])
        assert {"127.0.0.1"} == set(hosts)


def test_the_broker_keeps_time_offsets_and_events() -> None:
    settings = as_java_reads(server_properties(PORTS, Path("/data")))
    assert "LogAppendTime" == settings["log.message.timestamp.type"]
    assert "false" == settings["auto.create.topics.enable"]
    assert "-1" == settings["log.retention.ms"]
    assert int(settings["offsets.retention.minutes"]) >= 30 * 24 * 60
    assert int(settings["message.max.bytes"]) >= 2 * 1024 * 1024


@pytest.mark.parametrize("path", ["/nhà/sổ bộ", "/a\\b", "/a b=c:d", "/😀"])
def test_any_sane_path_survives_javas_properties(path: str) -> None:
    assert path == as_java_reads(server_properties(PORTS, Path(path)))["log.dirs"]
    assert path == as_java_reads(log4j2_properties(Path(path)))["appender.file.fileName"]


@pytest.mark.parametrize("path", ["/a,b", "/${user.home}", "/a\nb"])
def test_a_path_that_kafka_takes_for_syntax_is_refused(path: str) -> None:
    with pytest.raises(Reject, match="HUB_HOME"):
        server_properties(PORTS, Path(path))
