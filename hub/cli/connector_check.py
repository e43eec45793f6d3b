"""`hub connector check`: everything foreseeable about a connector, for people, editors and CI."""

from pathlib import Path
from typing import Annotated

import typer

from hub.cli.known import events_here
from hub.cli.options import Folder
from hub.cli.output import Usage, answering, say, show_json
from hub.contract.types import Document
from hub.errors import Reject
from hub.registry.bundle_files import read_files
from hub.registry.check import Checked, Place
from hub.registry.check import check as checking
from hub.registry.problem import Problem
from hub.registry.registration import RegistrationEntry, RegistrationFile
from hub.registry.sarif import sarif
from hub.registry.shape import decode
from hub.registry.yaml_file import YamlFile, read_yaml
from hub.settings import load

app = typer.Typer(add_completion=False)

EPILOG = """Examples: hub connector check connectors/postal ·
hub connector check connectors/postal --registration registrations.yaml/postal ·
hub connector check connectors/postal --sarif > postal.sarif

Exit 0: it may go live; 1: it may not; 2: wrong usage."""


@app.command(epilog=EPILOG)
def check(
    folder: Folder,
    registration: Annotated[
        str | None,
        typer.Option(metavar="FILE[/NAME]", help="check this entry of a file of registrations too"),
    ] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document")] = False,
    as_sarif: Annotated[
        bool, typer.Option("--sarif", help="SARIF 2.1.0, for editors and CI")
    ] = False,
) -> None:
    """Prove a connector, as a compiler would; all that is wrong is told at once.

    Manifest, contract, mapping, code tables, cases, delivery rules, settings, secrets by name,
    limits; with --registration the entry by which it would go live. Nothing outside is asked.
    """
    if as_json and as_sarif:
        raise typer.BadParameter("is one or the other", param_hint="--json, --sarif")
    with answering():
        if registration is not None and as_sarif:
            registration = str(
                Path(registration).absolute()
            )  # its places stand beside the folder's
        found = _checked(folder.resolve(), registration)
        if as_sarif:
            show_json(sarif(found.problems, f"{folder.resolve().as_uri()}/"))
        elif as_json:
            show_json(as_document(found))
        else:
            _tell(found)
        if found.bundle is None:
            raise typer.Exit(1)


def as_document(found: Checked) -> Document:
    """What a check found, for programs."""
    bundle = found.bundle
    return {
        "connector": found.name,
        "ok": bundle is not None,
        "sha256": bundle.sha256 if bundle else None,
        "flows": len(bundle.manifest.flows) if bundle else None,
        "cases": found.cases,
        "problems": [{**problem.as_dict()} for problem in found.problems],
    }


def _tell(found: Checked) -> None:
    for problem in found.problems:
        say(problem.shown or str(problem))
    if found.bundle is None:
        say(f"connector '{found.name}' has {len(found.problems)} problem(s)")
        return
    flows, digest = len(found.bundle.manifest.flows), found.bundle.digest
    say(f"{found.name}: {flows} flows, {found.cases} cases, no problems ({digest})")


def _checked(folder: Path, registration: str | None) -> Checked:
    settings = load()
    events = events_here(settings)
    try:
        files = read_files(folder)
    except Reject as error:
        problem = Problem(error.where, error.what, error.fix, code="files")
        return Checked(folder.name, None, (problem,))
    if registration is None:
        return checking(folder.name, files, events)
    entry, place = entry_at(registration, folder.name)
    return checking(folder.name, files, events, entry, place)


def entry_at(given: str, connector: str) -> tuple[RegistrationEntry, Place]:
    """The entry that `FILE` or `FILE/NAME` means, and where its parts stand."""
    path, name = Path(given), ""
    if not path.is_file():
        path, name = path.parent, path.name
    if not path.is_file():
        raise Usage("is no file of registrations", given, "write FILE, or FILE/NAME of an entry")
    file = read_yaml(path.read_bytes(), str(path))
    named = {
        str(part.get("name") or part.get("connector")): index
        for index, part in enumerate(decode(file, RegistrationFile).registrations)
        if part.get("connector") == connector
    }
    if not name and len(named) == 1:
        (name,) = named
    if name not in named:
        listed = ", ".join(sorted(named)) or "none"
        what = (
            f"has no entry '{name}' of {connector}" if name else f"has {len(named)} entries of it"
        )
        raise Usage(what, str(path), f"write {path}/NAME; entries of {connector}: {listed}")
    return _decoded(file, named[name])


def _decoded(file: YamlFile, index: int) -> tuple[RegistrationEntry, Place]:
    under = ("registrations", index)
    part = decode(file, RegistrationFile).registrations[index]
    entry = decode(file, RegistrationEntry, part=part, under=under)
    return entry, lambda inner: file.place((*under, *inner))
