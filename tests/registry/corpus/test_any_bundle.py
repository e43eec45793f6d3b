"""Whatever the files say, a check answers: with the bundle, or with findings that have a place."""

from functools import cache
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.registry.bundle_files import read_files
from hub.registry.check import check
from hub.registry.event_types import Events, read_events

HERE = Path(__file__).parent
SCHEMAS = HERE.parents[2] / "schemas" / "avro"
GOOD = {name: read_files(HERE / "connectors" / name) for name in ("desk", "counter")}
PIECES = (
    b"", b" ", b"\n", b"\n  ", b":", b"{", b"}", b"[", b"]", b'"', b"'", b"-", b"#", b"null", b"0",
    b"-1", b"1e999", b"true", b"\xff", b"\x00", "ệ".encode(), b"$setting.x", b"$secret.", b"../",
    b"<", b">", b"</", b"&amp;", b"&x;", b"<!--", b"]]>", b"&", b"*x", b"!!str", b"%", b"\\",
    b"def f(x):\n    return x\n", b"None", b"doc", b"event.", b"()", b",", b"=", b"(",
)  # fmt: skip


@cache
def events() -> Events:
    return read_events(SCHEMAS)


@st.composite
def bundles(draw: st.DrawFn) -> tuple[str, dict[str, bytes]]:
    """A good bundle in which a few stretches of a few files became something else."""
    name = draw(st.sampled_from(sorted(GOOD)))
    files = dict(GOOD[name])
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(sorted(files)))
        body = files[path]
        start = draw(st.integers(0, len(body)))
        end = min(len(body), start + draw(st.integers(0, 40)))
        other = draw(st.integers(0, len(body)))
        piece = draw(st.sampled_from([*PIECES, body[other : other + 30]]))
        files[path] = body[:start] + piece + body[end:]
    return name, files


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(bundles())
def test_a_check_answers_whatever_the_files_say(given_: tuple[str, dict[str, bytes]]) -> None:
    name, files = given_
    found = check(name, files, events())
    assert (found.bundle is None) == bool(found.problems)
    for problem in found.problems:
        assert problem.at
        assert problem.what
        assert problem.code
        assert problem.fix
