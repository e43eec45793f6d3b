"""`hub audit witness` and `hub audit keys`: other parties who watch, and the keys that sign."""

import secrets
import shutil
from pathlib import Path
from typing import Annotated

import typer

from hub.audit.cosigned import cosigners, take_in
from hub.audit.keys import read_wrapping
from hub.audit.note import Signer, draw_signer, read_signer
from hub.audit.opening import audit_folder, open_keys, open_signers, open_witnesses
from hub.audit.verify import Trust
from hub.audit.witness import Statement, Witness, compare_with_own, read_statement
from hub.cli.options import Json
from hub.cli.output import answering, say, show_rows
from hub.cli.proving import failing, public_keys
from hub.dev.disk import alone, write_whole
from hub.errors import Halt, Reject
from hub.kept_secret import kept_secret
from hub.settings import load, resolve
from hub.surroundings import now_ms

witness = typer.Typer(
    no_args_is_help=True, help="Another party: stores checkpoints, checks that they grow, co-signs."
)
keys = typer.Typer(no_args_is_help=True, help="The keys that sign checkpoints.")

Store = Annotated[Path, typer.Option("--store", metavar="FOLDER", help="the witness's own folder")]
StatementFile = Annotated[
    Path,
    typer.Argument(metavar="FILE", help="from `hub audit checkpoint --statement`, or a witness"),
]


@witness.callback()
def _witness() -> None:
    """Another party: stores checkpoints, checks that they grow, co-signs."""


@witness.command("init", epilog="Example: hub audit witness init --name inspectorate.example/w1 …")
def witness_init(
    store: Store,
    name: Annotated[str, typer.Option(help="the witness's name in notes")],
    key: Annotated[Path, typer.Option("--key", metavar="FILE", help="the hub's public keys")],
) -> None:
    """Make a witness's folder with a key of his own; prints his public key."""
    with answering():
        public_keys(key)
        if (store / "witness.key").exists():
            raise Reject("is a witness's already", where=str(store), fix="name another folder")
        signer = draw_signer(name, secrets.token_bytes, witness=True)
        kept_secret(store / "witness.key", lambda: signer.secret)
        shutil.copyfile(key, store / "hub.pub")
        typer.echo(signer.public.text)
        say(f"{store}: keep witness.key to yourself; give the line above to whoever verifies")


@witness.command("cosign", epilog="Example: hub audit witness cosign said.json --store w1")
def witness_cosign(statement: StatementFile, store: Store) -> None:
    """Check that a statement grew out of what was seen, store it, print it co-signed.

    What does not grow out of it is kept as refused-TIME.json beside what was seen: together they
    show two histories under one key.
    """
    with answering(), failing():
        opened = _opened(store)
        answer = opened.cosign(_read(statement), now_ms() // 1000)
        typer.echo(answer.raw.decode(), nl=False)
        say(f"{len(answer.logs)} logs co-signed as {opened.signer.public.name}")


@witness.command("accept", epilog="Example: hub audit witness accept answer.json")
def witness_accept(statement: StatementFile, *, as_json: Json = False) -> None:
    """Keep what a witness has co-signed, here at the hub: proofs are made against it.

    His key stands in a file of HUB_AUDIT_WITNESSES; what he signed has to be our own logs.
    """
    with answering(), failing(as_json=as_json):
        settings = load()
        keys, wanted = open_witnesses(settings)
        trust = Trust([signer.public for signer in open_signers(settings)])
        folder = audit_folder(settings)
        round_, names = take_in(folder, _read(statement), trust, keys)
        have = cosigners(round_, keys)
        rows = [
            {"accepted": names, "cosigned_by": have, "wanted": wanted, "logs": len(round_.logs)}
        ]
        show_rows(rows, list(rows[0]), as_json=as_json)


@witness.command("compare", epilog="Example: hub audit witness compare theirs.json --store w1")
def witness_compare(
    statement: StatementFile,
    store: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="a witness's folder; else this hub's own logs"),
    ] = None,
    *,
    as_json: Json = False,
) -> None:
    """Compare what another party was shown with what was seen here, or with this hub's own logs."""
    with answering(), failing(as_json=as_json):
        view = _read(statement)
        if store is not None:
            found = _opened(store).compare(view)
        else:
            settings = load()
            trust = Trust([signer.public for signer in open_signers(settings)])
            found = compare_with_own(audit_folder(settings), view, trust)
        rows = [{"log": log, "is": what} for log, what in found.items()]
        show_rows(rows, ("log", "is"), as_json=as_json)


def _opened(store: Path) -> Witness:
    if not (store / "witness.key").exists():
        raise Reject("is no witness's folder", where=str(store), fix="hub audit witness init")
    text = (store / "witness.key").read_text(encoding="utf-8")
    trust = Trust(public_keys(store / "hub.pub"))
    return Witness(store, read_signer(text, str(store / "witness.key")), trust)


def _read(file: Path) -> Statement:
    try:
        return read_statement(file.read_bytes(), str(file))
    except OSError as error:
        raise Halt(f"cannot be read ({error.strerror})", where=str(file)) from error


@keys.callback()
def _keys() -> None:
    """The keys that sign checkpoints."""


@keys.command("public", epilog="Example: hub audit keys public > hub.pub")
def keys_public(*, as_json: Json = False) -> None:
    """Print the public keys that the hub signs with: give them to whoever verifies."""
    with answering():
        signers = open_signers(load())
        if as_json:
            rows = [
                {"name": s.public.name, "id": s.public.id.hex(), "key": s.public.text}
                for s in signers
            ]
            show_rows(rows, ("name", "id", "key"), as_json=True)
            return
        for signer in signers:
            typer.echo(signer.public.text)


NewFile = Annotated[Path, typer.Argument(metavar="FILE", help="where the private key is written")]


@keys.command("make", epilog="Example: hub audit keys make /etc/hub/signer.key --name hub.example")
def keys_make(
    file: NewFile,
    name: Annotated[str, typer.Option(help="the name under which the hub signs, for ever")],
) -> None:
    """Make a first key, to which HUB_AUDIT_SIGNER then refers."""
    with answering():
        _write(file, draw_signer(name, secrets.token_bytes))
        say(f"set HUB_AUDIT_SIGNER=file:{file}")


@keys.command("rotate", epilog="Example: hub audit keys rotate /etc/hub/signer-2027.key")
def keys_rotate(file: NewFile) -> None:
    """Make the next key, under the same name, and say how it takes the present one's place."""
    with answering():
        settings = load()
        present = open_signers(settings)
        _write(file, draw_signer(present[0].public.name, secrets.token_bytes))
        refers = settings.audit_signer or f"file:{settings.home / 'audit-keys' / 'signer.key'}"
        say(f"1. give the line above to whoever verifies, beside the present one ({file} stays)")
        say(f"2. HUB_AUDIT_SIGNER={refers},file:{file} and start the auditor again: both sign")
        say(f"3. when all have the new key: HUB_AUDIT_SIGNER=file:{file}, and start it again")


@keys.command("rewrap", epilog="Example: hub audit keys rewrap new.db --with env:NEW_AUDIT_KEY")
def keys_rewrap(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="where the keys are written anew")],
    with_: Annotated[
        str, typer.Option("--with", metavar="REFERENCE", help="the new key: env:NAME or file:PATH")
    ],
) -> None:
    """Write the dossiers' keys anew under another HUB_AUDIT_KEY: what was erased is gone for good.

    The auditor must not run. The old file and the old key are then destroyed, with their copies.
    """
    with answering():
        settings = load()
        new = read_wrapping(resolve(with_), with_)
        with alone(settings.home / "run" / "auditor.lock", "hub auditor"):
            present = open_keys(settings, make=False)
            try:
                count = present.rewrap(file, new)
            finally:
                present.close()
        here = settings.home / "audit-keys" / "keys.db"
        say(f"{count} keys wrapped anew: put {file} in the place of {here} (with -wal and -shm)")
        say(f"then HUB_AUDIT_KEY={with_}, and destroy the old key and every copy of the old file")


def _write(file: Path, signer: Signer) -> None:
    """Keep a private key and show its public half. Raises Reject where there is a file."""
    if file.exists():
        raise Reject("is there already", where=str(file), fix="name a new file")
    write_whole(file, signer.secret.encode() + b"\n")  # mode 0600
    typer.echo(signer.public.text)
