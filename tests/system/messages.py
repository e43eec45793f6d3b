"""Messages of the systems that would be taken as they are, with changes."""

from itertools import count
from typing import Any

from hub.dev.waiting import until
from ops.demo.cast import DESK, HOME, P1, VINH_YEN, hoso, party, portal_dossier
from tests.system.world import FAR, World

NUMBERS = count(1)
URL = "https://tep.example.test/t/EEEE-0001"


def code() -> str:
    """A dossier code that no other test uses."""
    return f"H44.99.99-251103-{next(NUMBERS):04d}"


def national_code() -> str:
    """As `code`, of a dossier that was filed on the national portal."""
    return f"G22.99.99-251103-{next(NUMBERS):06d}"


def filing(number: str, **changes: object) -> dict[str, Any]:
    """A filing of the portal that would be taken as it is, with changes."""
    at, procedure = "2025-10-13 08:15:00", "9.999901"
    found = portal_dossier(
        number, at, P1, procedure, by_post=True, url=URL, summary="Đề nghị cấp giấy"
    )
    return found | changes


def report(number: str, **more: object) -> dict[str, Any]:
    """The head of a report of the one-stop."""
    head = {"MaGiaoDich": f"GD-{number}", "ThoiDiem": "2025-11-03T09:00:00+07:00"}
    return head | {"MaHoSo": number, "NguonHoSo": "TINH"} | more


def order(number: str, **changes: object) -> dict[str, Any]:
    """An order of an envelope back to the citizen."""
    day = "2025-11-03"
    body = {
        "MaDon": number,
        "Chieu": "RETURN",
        "NguoiGui": party("Sở Thử nghiệm", "0300000099", VINH_YEN.told(DESK, day)),
        "NguoiNhan": party(P1.name, P1.phone, VINH_YEN.told(HOME, day)),
        "NoiDung": "Giấy xác nhận",
        "KhoiLuong": "50",
        "MaDonVi": "H44.99.99",
    }
    return report(number, **(body | changes))


def header(**changes: object) -> dict[str, Any]:
    """A dossier's header of the one-stop."""
    return (
        hoso(
            P1,
            "9.999901",
            filed="2025-11-03 08:15:00",
            accepted="2025-11-03 09:05:00",
            due="2025-11-06 17:00:00",
            by_post=True,
            receipt="BN-0009",
            url=URL,
            summary="Đề nghị cấp giấy",
        )
        | changes
    )


def filed(world: World, number: str) -> None:
    """The portal tells of a dossier of its own, so that it takes what it is told of it."""
    key = f"nop-{number}"
    report_ = world.act("portal", "POST /ho-so", filing(number), key=key, dossier=number)
    assert report_["accepted"], report_["answer"]


def settled(world: World, number: str, events: int, of: tuple[str, ...]) -> None:
    """Wait until each of these registrations has a receipt of so many of the dossier's events."""

    def there() -> bool:
        found = world.receipts(number)
        return all(sum(r == name for _, r in found) >= events for name in of)

    assert until(there, FAR, 0.2), world.receipts(number)
