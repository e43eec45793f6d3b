"""A SOAP client that is not Python's finds its way to the hub.

Serves the one-stop's contract on a free loopback port, lets the npm package `soap` read the
published WSDL and report a step of a dossier, and compares what arrived. Needs node and npm; the
package is installed under .hub/interop once.
"""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from shutil import which

from adapters.http.messages import HttpResponse, Message
from adapters.soap.server import open_server
from hub.contract.binding import Auth, Binding
from hub.contract.load import load_contract
from hub.contract.types import Document
from ops.interop.loopback import served

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
PACKAGE = "soap@1.13.0"
OPERATION = "MotCuaBaoCao.BaoTienDo"
INSTALL_SECONDS, CALL_SECONDS = 180, 60
STEP: Document = {
    "MaGiaoDich": "GD-251013-0001",
    "ThoiDiem": "2025-10-13T09:05:00+07:00",
    "MaHoSo": "H44.99.99-251013-0001",
    "NguonHoSo": "TINH",
    "TrangThai": "processing",
    "CanBo": "Trần Thị Thử",
    "NoiDung": "Đã thẩm định <lần 1> & chuyển bước sau",
}


class Missing(Exception):
    """Something that this check needs is not on the machine."""


def install(folder: Path) -> None:
    """The package, below `folder`, unless it is there. Raises Missing."""
    npm = which("npm")
    if which("node") is None or npm is None:
        raise Missing("node and npm are not installed; install Node.js 20.19 or newer")
    if (folder / "node_modules" / "soap").is_dir():
        return
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "package.json").write_text('{"private": true}')
    done = subprocess.run(  # noqa: S603 -- a fixed command
        [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", PACKAGE],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=INSTALL_SECONDS,
        check=False,
    )
    if done.returncode != 0:
        raise Missing(f"npm could not install {PACKAGE}: {done.stderr.strip()[-300:]}")


def call(wsdl: str, packages: Path, request: Mapping[str, object]) -> dict[str, object]:
    """One call by the node client: {"answer": …}, {"fault": …}, or {"broke": …}."""
    done = subprocess.run(  # noqa: S603 -- our own script
        [which("node") or "node", str(HERE / "soap-client.mjs"), wsdl, str(packages)],
        input=json.dumps(request),
        capture_output=True,
        text=True,
        timeout=CALL_SECONDS,
        check=False,
    )
    if done.returncode != 0:
        return {"broke": done.stderr.strip()[-600:]}
    found: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return found


def check(packages: Path) -> list[str]:
    """What is wrong; nothing if the client, the contract and the hub understand each other."""
    contract_folder = ROOT / "connectors" / "onestop"
    files = {
        f"contract/{path.name}": path.read_bytes()
        for path in sorted((contract_folder / "contract").iterdir())
    }
    contract = load_contract("soap", files, ["contract/motcua.wsdl"])
    auth = Auth("usernametoken", {"username": "mot-cua", "password": "chỉ để thử"})
    server = open_server(contract, Binding("http://127.0.0.1", auth=(auth,)))
    arrived: list[Message] = []

    def take(message: Message) -> HttpResponse:
        arrived.append(message)
        ket_qua: Document = {"Ma": "00", "MoTa": "Đã nhận", "MaHoSo": str(STEP["MaHoSo"])}
        return server.answer(message.operation, 200, {"KetQua": ket_qua})

    problems: list[str] = []
    with served(server, take, "/in/onestop") as base:
        wsdl = f"{base}/MotCuaBaoCao?wsdl"
        request = {"operation": "BaoTienDo", "values": STEP, **auth.options}
        for digest in (False, True):
            found = call(wsdl, packages, {**request, "digest": digest})
            problems += _compare(found, arrived.pop() if arrived else None)
        refused = call(wsdl, packages, {**request, "password": "sai"})
        if "FailedAuthentication" not in json.dumps(refused) or arrived:
            problems.append(f"a wrong password was not refused: {refused}")
    return problems


def _compare(found: dict[str, object], message: Message | None) -> list[str]:
    problems = []
    expected = {"answer": {"KetQua": {"Ma": "00", "MoTa": "Đã nhận", "MaHoSo": STEP["MaHoSo"]}}}
    if found != expected:
        problems.append(f"the client understood {found}")
    if message is None or message.operation != OPERATION:
        problems.append("no report arrived")
    elif message.document != STEP:
        problems.append(f"another document arrived; expected the fields {sorted(STEP)}")
    return problems


def main() -> int:
    """Run the check; 0 good, 1 not, 3 when node is missing."""
    packages = ROOT / ".hub" / "interop" / "node"
    try:
        install(packages)
        problems = check(packages)
    except Missing as error:
        print(f"node_soap: {error}", file=sys.stderr)  # noqa: T201 -- a command's own output
        return 3
    for problem in problems:
        print(f"node_soap: {problem}", file=sys.stderr)  # noqa: T201 -- see above
    if not problems:
        print("node_soap: PasswordText, PasswordDigest and a refusal: as expected")  # noqa: T201 -- see above
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
