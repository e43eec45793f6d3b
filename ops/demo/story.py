"""What a story is: acts in their order, the calls each must cause, what must be held at the end.

A step is an act of one system. `Dossier` makes the acts that concern one dossier; the bodies and
calls that several stories share stand below it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from ops.demo.cast import OFFICER, Json, Person, local, xsd

FAULTS = Path(__file__).parent / "stories" / "faults"
Call: TypeAlias = tuple[str, str]  # who must be told, in which words


@dataclass(frozen=True, slots=True)
class Step:
    """One act. `calls`: what it must cause, in the receivers' words.

    `status`: of the hub's answer; None where the system says nothing and waits to be asked.
    `forged`: the credential does not verify.
    """

    number: int
    system: str
    operation: str
    body: Json
    calls: tuple[Call, ...]
    dossier: str
    key: str = ""
    status: int | None = 200
    forged: bool = False
    words: str = ""


@dataclass(frozen=True, slots=True)
class Trouble:
    """From here on these switches of a system's scripted faults are on, and no others."""

    system: str
    on: tuple[str, ...]
    dossier: str
    calls: tuple[Call, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """A person decides: the words of a command of the hub."""

    number: int
    words: tuple[str, ...]
    dossier: str
    calls: tuple[Call, ...] = ()


@dataclass(frozen=True, slots=True)
class Waits:
    """Nothing is done until a list of the hub names the dossier; `words`: of that command."""

    words: tuple[str, ...]
    dossier: str


@dataclass(frozen=True, slots=True)
class Breaks:
    """Nothing is done until the hub holds a system for down: its breaker is open."""

    registration: str


Act: TypeAlias = Step | Trouble | Decision | Waits | Breaks


@dataclass(frozen=True, slots=True)
class Holds:
    """What a place must hold of a dossier at the end. `where`: a system, or a part of the hub."""

    where: str
    dossier: str
    facts: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Story:
    """One scenario. `others`: what else became of events. `beside`: dossiers that do not count.

    `postal`: the postal service that serves.
    """

    number: int
    title: str
    acts: tuple[Act, ...]
    holds: tuple[Holds, ...]
    events: int
    receipts: Mapping[str, int]
    others: Mapping[str, int] = field(default_factory=dict)
    seed: tuple[tuple[str, str, Json], ...] = ()  # acts before the story that cause no message
    beside: tuple[str, ...] = ()
    postal: str = "postal_my"

    @property
    def dossiers(self) -> tuple[str, ...]:
        """The codes that it is about."""
        codes = dict.fromkeys(act.dossier for act in self.acts if isinstance(act, Step))
        return tuple(code for code in codes if code not in self.beside)

    def faults(self) -> dict[str, Any]:
        """Scripted faults by system; each rule must have fired when the story is over."""
        file = FAULTS / f"{self.number}.yaml"
        found: dict[str, Any] = yaml.safe_load(file.read_text("utf-8")) if file.exists() else {}
        return found


@dataclass(frozen=True, slots=True)
class Dossier:
    """A dossier's code, and the acts of systems that name it. `local`: the one-stop's own code."""

    code: str
    local: str = ""

    def told(self, number: int, operation: str, at: str, more: Json, *calls: Call) -> Step:
        """The one-stop reports; `at` as `2025-10-13 08:15:00`."""
        head: Json = {
            "MaGiaoDich": f"GD-{self.code}-{number}",
            "ThoiDiem": xsd(at),
            "MaHoSo": self.code,
        }
        if self.local:
            head["MaHoSoNoiBo"] = self.local
        head["NguonHoSo"] = "DVCQG" if self.local else "TINH"
        return Step(number, "onestop", operation, head | more, calls, self.code)

    def shown(self, number: int, operation: str, key: str, body: Json, *calls: Call) -> Step:
        """The citizen acts at the portal; `key` is the message's Idempotency-Key."""
        return Step(number, "portal", operation, body, calls, self.code, key=key)

    def scanned(
        self,
        number: int,
        at: str,
        item: str,
        status: int,
        *calls: Call,
        order: str = "",
        more: Json | None = None,
        others: tuple[Json, ...] = (),
        forged: bool = False,
    ) -> Step:
        """MyVNPost pushes a scan; `others`: further rows of the same message."""
        row = {
            "itemCode": item,
            "saleOrderCode": order or self.code,
            "status": status,
            "updatedDate": local(at),
        }
        body: Json = {"rows": [row | (more or {}), *others], "sendDate": local(at[:-2] + "30")}
        return Step(
            number,
            "postal_my",
            "webhook",
            body,
            calls,
            self.code,
            status=401 if forged else 200,
            forged=forged,
            words=f"status={status}",
        )


# calls

PAGE: Call = ("portal", "PUT /ho-so/{maHoSo}")
STEP: Call = ("portal", "POST /ho-so/{maHoSo}/tien-do")
RESULT: Call = ("portal", "PUT /ho-so/{maHoSo}/ket-qua")
NATIONAL: Call = ("ngsp", "DongBoHoSoMC")
NATIONAL_STEP: Call = ("ngsp", "CapNhatTienDoHoSoMC")
NATIONAL_STATUS: Call = ("ngsp", "DongBoTrangThaiHoSo")
JOURNEY: tuple[Call, ...] = (
    ("onestop", "NhanHanhTrinh"),
    ("portal", "POST /ho-so/{maHoSo}/hanh-trinh"),
)
HANDED: Call = ("onestop", "NhanKetQuaPhat")


# bodies of the one-stop's reports


def accepted(head: Json) -> Json:
    """BaoTiepNhan."""
    return {"HoSo": head, "CanBo": OFFICER}


def progress(status: str = "processing", **more: str) -> Json:
    """BaoTienDo."""
    return {"TrangThai": status, "CanBo": OFFICER, **more}


def ready(head: Json, at: str, papers: list[Json]) -> Json:
    """BaoCoKetQua."""
    return {"HoSo": head, "NgayKetThucXuLy": xsd(at), "KetQua": papers}


def returned(
    head: Json, finished: str, at: str, person: Person, papers: list[Json], *, by_post: bool
) -> Json:
    """BaoDaTra."""
    return ready(head, finished, papers) | {
        "NgayTra": xsd(at),
        "HinhThucTra": "1" if by_post else "0",
        "NguoiNhan": person.name,
    }
