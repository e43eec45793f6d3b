"""The facts of the side-by-side runs: which dossier comes when, and how large an event is."""

import random
from collections.abc import Iterator

from hub.contract.types import Document
from ops.bench.board import Told
from ops.bench.feed import Fact
from ops.bench.messages import code

SEED = 7
FIRST = 1_760_326_200_000  # epoch ms: 2025-10-13T10:30:00+07:00
WITHOUT_NOTE = 109  # bytes of an event on the topic beside its note; tests/ops/bench holds it
SMALLEST = 150  # bytes
SENTENCE = "Đã chuyển hồ sơ đến phòng chuyên môn để thẩm định nội dung. "


def schedule(count: int, dossiers: int) -> list[Fact]:
    """`count` facts of so many dossiers, drawn at random but the same each time."""
    return list(_drawn(count, dossiers))


def _drawn(count: int, dossiers: int) -> Iterator[Fact]:
    draw = random.Random(SEED)
    steps = [0] * dossiers
    for _ in range(count):
        dossier = draw.randrange(dossiers)
        yield dossier, steps[dossier]
        steps[dossier] += 1


def note(size: int) -> str:
    """The text that makes an event about `size` bytes on the topic.

    Raises ValueError for less than SMALLEST.
    """
    if size < SMALLEST:
        raise ValueError(f"an event has at least {SMALLEST} bytes, not {size}")
    wanted = size - WITHOUT_NOTE
    raw = (SENTENCE.encode() * (wanted // len(SENTENCE.encode()) + 1))[:wanted]
    text = raw.decode(errors="ignore")
    return text + "." * (wanted - len(text.encode()))


def status(dossier: int, step: int, words: str) -> Document:
    """A fact. `local_code` is its place among the facts of its dossier."""
    return {
        "dossier_code": code(dossier),
        "at": FIRST + step * 1_000,
        "origin": "PROVINCE",
        "local_code": str(step),
        "status": "PROCESSING",
        "status_raw": "processing",
        "officer_name": "Cán bộ Thử",
        "officer_title": "Chuyên viên",
        "department": "Phòng Thử nghiệm",
        "note": words,
    }


def told(dossier: int, step: int, words: str) -> Told:
    """The same fact, as the board reports it."""
    return Told(
        id=f"{code(dossier)}/{step}",
        dossier=code(dossier),
        step=str(step),
        at="2025-10-13T10:30:00+07:00",
        origin="TINH",
        status="DANG_XU_LY",
        status_raw="processing",
        officer="Cán bộ Thử",
        title="Chuyên viên",
        department="Phòng Thử nghiệm",
        note=words,
    )
