"""The page of the control plane's routes says all of them, and every kind of refusal."""

import re
from pathlib import Path

from hub.registry.control.routes import control_routes
from tests.registry.control.desk_kit import ROOT, Plane

PAGE = (ROOT / "ops" / "reference" / "registrations.md").read_text(encoding="utf-8")
SOURCES = ("registry/changes.py", "registry/upload.py", "registry/certificates.py")
CODE = re.compile(r'(?:code=|CODE = )"([a-z-]+)"')
OF_A_PROBLEM = {"registration", "too-costly", "bug"}  # of one problem among others


def test_every_route_has_its_row(plane: Plane) -> None:
    served = {
        f"{method} {route.path}"
        for route in control_routes(plane.desk)
        for method in route.methods or ()
        if method != "HEAD"
    }
    assert set(re.findall(r"^\| `([A-Z]+ /[^`]*)` \|", PAGE, re.MULTILINE)) == served


def test_every_kind_of_refusal_is_listed() -> None:
    files = [ROOT / "hub" / name for name in SOURCES]
    files += [*(ROOT / "hub" / "registry" / "control").glob("*.py")]
    found = {code for file in files for code in CODE.findall(Path(file).read_text("utf-8"))}
    listed = set(re.findall(r"`([a-z-]+)`", PAGE.partition("## Refusals")[2]))
    assert found - OF_A_PROBLEM <= listed
