"""`hub audit prove`, `verify` and `checkpoint`: what proves the evidence, and whether it holds."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from hub.audit.checkpoint import cosigned
from hub.audit.cosigned import cosigners
from hub.audit.opening import audit_folder, open_keys, open_signers, open_witnesses
from hub.audit.package import proof
from hub.audit.proving import Compared, inspect, latest_round, prove, signers_of
from hub.audit.verify import Checkpoint, Failed, Note, PublicKey, Trust, read_keys, told_of
from hub.audit.verify import verify as verified
from hub.audit.witness import read_statement, state
from hub.broker import KafkaBroker
from hub.cli.browse import moment, record_at, records, stream
from hub.cli.options import Json, Unmask, point
from hub.cli.output import answering, say, show_json, show_rows
from hub.cli.unmasking import access
from hub.errors import Halt, Reject
from hub.records import Position, Record, Spot, every_spot
from hub.settings import Settings, load
from hub.surroundings import bootstrap
from hub.topics import EVENT_TOPICS, EVIDENCE_TOPICS, RECEIPT

KeyFile = Annotated[
    Path | None,
    typer.Option("--key", metavar="FILE", help="the hub's public keys, as you have them"),
]
WitnessFile = Annotated[
    list[Path] | None,
    typer.Option("--witness", metavar="FILE", help="a witness's key: he must have co-signed"),
]

CHECKPOINT = ("log", "leaves", "root", "at", "signed_by", "cosigned", "cosigned_by")

app = typer.Typer()


@dataclass(frozen=True, slots=True)
class Undecoded:
    """The topics as they stand: what is proved are bytes, so no schema is asked for."""

    settings: Settings
    broker: KafkaBroker


def _undecoded(settings: Settings) -> Undecoded:
    return Undecoded(settings, KafkaBroker(bootstrap(settings), settings.security))


@app.command("prove", epilog="Example: hub audit prove 7d1c… --unmask 'case 12/2025' > proof.json")
def prove_(
    what: Annotated[
        str, typer.Argument(help="an event's id, or its beginning; or TOPIC/PARTITION/OFFSET")
    ],
    unmask: Unmask = None,
) -> None:
    """Prove what was recorded: an event with its receipts, or one record of any topic of evidence.

    Without --unmask the content is withheld: the proof says that something was recorded there.
    """
    with answering():
        settings = load()
        with access(settings, f"proof of {what}", unmask) as unmasked:
            browser = _undecoded(settings)
            folder = audit_folder(settings)
            keys = open_keys(settings, make=False)
            try:
                items = [
                    prove(folder, place, record if unmasked else None, keys)
                    for place, record in _named(browser, what)
                ]
            finally:
                keys.close()
        show_json(proof(items))
        withheld = "" if unmasked else "; content withheld: --unmask REASON shows it"
        say(f"{len(items)} proved{withheld}")


def _named(browser: Undecoded, what: str) -> list[tuple[Position, Record | None]]:
    """What is to be proved; None where the content is gone. Raises Reject if there is none."""
    place = Position.read(what)
    if place is not None:
        return [(place, record_at(browser, place) or _archived(browser, place))]
    found = records(browser, (*EVENT_TOPICS, RECEIPT), keep=lambda r: _id(r).startswith(what))
    ids = sorted({_id(record) for record in found})
    if not what or not ids:
        raise Reject(
            f"there is no event {what or 'without an id'} on the topics",
            fix="find its place: hub audit search; then hub audit prove PLACE",
        )
    if len(ids) > 1:
        raise Reject(f"{what} names {len(ids)} events", fix=f"say which: {', '.join(ids[:5])}")
    found.sort(key=lambda record: record.topic == RECEIPT)  # within a moment, too, the event first
    return [(record.place, record) for record in found]


def _id(record: Record) -> str:
    """The event's id, of an event or of a receipt."""
    headers = dict(record.headers)
    return headers.get("ce_id", headers.get("hub_event", b"")).decode(errors="replace")


def _archived(browser: Undecoded, place: Position) -> Record | None:
    """The record as the archive has it; None if it does not, or it was erased."""
    from hub.audit.archive.opening import open_store
    from hub.audit.archive.reading import read_head, segments_of
    from hub.audit.archive.reading import records as archived

    store = open_store(browser.settings)
    spot = Spot(place.topic, place.partition)
    keys = open_keys(browser.settings, make=False)
    try:
        segments = segments_of(store, read_head(store), spot)
        found = archived(store, keys, segments, place.offset, place.offset + 1)
        return next((record for _, record in found), None)
    finally:
        keys.close()


@app.command("verify", epilog="Example: hub audit verify proof.json --key hub.pub")
def verify(
    path: Annotated[
        Path | None, typer.Argument(help="proof.json or the folder of a package; else our own logs")
    ] = None,
    key: KeyFile = None,
    witness: WitnessFile = None,
    not_before: Annotated[
        str | None, typer.Option(metavar="TIME", help="refuse checkpoints that are older")
    ] = None,
    *,
    with_records: Annotated[
        bool, typer.Option("--records", help="of our own logs: compare the topics with them")
    ] = False,
    as_json: Json = False,
) -> None:
    """Verify a proof, a package, or this hub's own logs; the first bad place is named.

    A proof or package is verified offline, with the public key alone; so does the file
    hub/audit/verify.py, which needs nothing else of the hub.
    """
    seconds = (point(not_before, "--not-before") or 0) // 1000
    if path is not None and key is None:
        raise typer.BadParameter("is needed: whose word do you trust?", param_hint="--key")
    if path is not None and with_records:
        raise typer.BadParameter("is about our own logs, not a file", param_hint="--records")
    with answering(), failing(as_json=as_json):
        witnesses = [one for file in witness or [] for one in public_keys(file)]
        if path is not None and key is not None:
            report = verified(path, Trust(public_keys(key), witnesses, seconds))
            if as_json:
                show_json(told_of(report))
            else:
                for line in report.lines:
                    typer.echo(line)
                counted = f"{report.records} records, {report.withheld} withheld"
                say(f"holds: {counted}, {report.gaps} gaps")
            return
        settings = load()
        trusted = public_keys(key) if key else [signer.public for signer in open_signers(settings)]
        _own(settings, Trust(trusted, (), seconds), with_records=with_records, as_json=as_json)


@contextmanager
def failing(*, as_json: bool = False) -> Iterator[None]:
    """Tell what does not hold: as JSON where that was asked for, and as a Reject."""
    try:
        yield
    except Failed as failed:
        if as_json:
            show_json({"holds": False, "where": failed.where, "what": failed.what})
        raise Reject(f"does not hold: {failed.what}", where=failed.where) from None


def _own(settings: Settings, trust: Trust, *, with_records: bool, as_json: bool) -> None:
    folder = audit_folder(settings)
    rows = [{"log": x.log, "leaves": x.size, "rounds": x.rounds} for x in inspect(folder, trust)]
    if with_records:
        compared = _compared(settings, folder)
        say(f"{compared.records} records of the topics are what was recorded")
        if compared.erased:
            say(f"{compared.erased} of erased dossiers cannot be compared any more")
    show_rows(rows, ("log", "leaves", "rounds"), as_json=as_json)


def _compared(settings: Settings, folder: Path) -> Compared:
    browser = _undecoded(settings)
    keys = open_keys(settings, make=False)
    try:
        compared = Compared(folder, keys)
        spots = every_spot(browser.broker, EVIDENCE_TOPICS)
        for record in stream(browser, spots):
            compared.take(record)
        reader = browser.broker.reader(spots)
        compared.end(reader.end())
        reader.close()
    finally:
        keys.close()
    return compared


@app.command("checkpoint", epilog="Example: hub audit checkpoint --statement > said.json")
def checkpoint(
    log: Annotated[str | None, typer.Option(help="only this log: its note as it is signed")] = None,
    since: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="what a witness answered: prove growth since then"),
    ] = None,
    *,
    statement: Annotated[
        bool, typer.Option("--statement", help="all notes in one file, for a witness")
    ] = False,
    as_json: Json = False,
) -> None:
    """Show what was signed last; with --statement or --since as a file for a witness."""
    with answering():
        folder = audit_folder(load())
        found = latest_round(folder)
        if statement or since is not None:
            known = read_statement(since.read_bytes(), str(since)) if since else None
            typer.echo(state(folder, found, known).raw.decode(), nl=False)
            return
        if log is not None:
            if log not in found.logs:
                raise Reject("there is no such log", where=log, fix="hub audit checkpoint")
            typer.echo(found.logs[log], nl=False)
            return
        rows = list(_rows(found.logs, _cosigned(load())))
        show_rows(rows, CHECKPOINT, as_json=as_json)


def _cosigned(settings: Settings) -> dict[str, tuple[int, list[str]]]:
    """By log: of how many leaves witnesses have co-signed it last, and who of them."""
    witnesses, _ = open_witnesses(settings)
    found = next(iter(cosigned(audit_folder(settings))), None)
    if found is None:
        return {}
    names = cosigners(found, witnesses)
    return {
        log: (Checkpoint.read(Note.read(raw).text).size, names) for log, raw in found.logs.items()
    }


def _rows(
    notes: dict[str, str], said: Mapping[str, tuple[int, list[str]]]
) -> Iterator[dict[str, object]]:
    for log, raw in notes.items():
        one = Checkpoint.read(Note.read(raw).text)
        leaves, names = said.get(log, (None, []))
        yield {
            "log": log,
            "leaves": one.size,
            "root": one.root.hex()[:16],
            "at": moment((one.seconds or 0) * 1000),
            "signed_by": signers_of(raw),
            "cosigned": leaves,
            "cosigned_by": names,
        }


def public_keys(file: Path) -> list[PublicKey]:
    """The public keys in a file. Raises Halt if it holds none."""
    try:
        return read_keys(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Halt(str(error), where=str(file), fix="hub audit keys public > hub.pub") from error
