"""`hub connector pause`, `resume`, …: the steps of what is registered at a running hub."""

from dataclasses import replace
from typing import Annotated, Any

import typer

from hub.cli.options import Json
from hub.cli.plane import ask, fetch_bundle
from hub.cli.promoting import Confirm, Promotion, Side, Uncompared, seen
from hub.cli.registering import (
    By,
    Certificate,
    Name,
    On,
    Override,
    Reason,
    known,
    show,
    signed,
    telling,
)
from hub.registry.promotion import PROMOTES
from hub.settings import Settings, load

app = typer.Typer(add_completion=False)


@app.command(
    epilog='Example: hub connector pause waterco --by lan --reason "their system is moving"'
)
def pause(name: Name, reason: Reason, by: By = "", on: On = None, *, as_json: Json = False) -> None:
    """Stop delivery to a registration; what its system says is still kept."""
    _turn(Promotion(name, "", by, reason), "pause", on, as_json=as_json)


@app.command(epilog='Example: hub connector resume waterco --by lan --reason "it has moved"')
def resume(
    name: Name,
    reason: Reason,
    by: By = "",
    on: On = None,
    *,
    confirm: Confirm = False,
    uncompared: Uncompared = "",
    as_json: Json = False,
) -> None:
    """Go on with delivery where it was paused.

    Where another version was registered meanwhile, past events are taken through both first.
    """
    wanted = Promotion(name, "", by, reason, confirm, uncompared)
    _turn(wanted, "resume", on, as_json=as_json)


@app.command(
    epilog='Example: hub connector retire waterco --by lan --reason "contract ended" --yes'
)
def retire(
    name: Name,
    reason: Reason,
    by: By = "",
    on: On = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="it is meant")] = False,
    as_json: Json = False,
) -> None:
    """End a registration: no door, no delivery. It may be registered anew, from a new start."""
    if not yes:
        raise typer.BadParameter("it ends the registration", param_hint="--yes")
    _turn(Promotion(name, "", by, reason), "retire", on, as_json=as_json)


@app.command(
    epilog='Example: hub connector rollback waterco --by lan --reason "wrong district codes"'
)
def rollback(
    name: Name,
    reason: Reason,
    by: By = "",
    to: Annotated[
        int | None, typer.Option(metavar="VERSION", help="else the last that was another")
    ] = None,
    on: On = None,
    *,
    as_json: Json = False,
) -> None:
    """Take an earlier version of a registration back: its bundle and its entry."""
    more: dict[str, object] = {} if to is None else {"to": to}
    _turn(Promotion(name, "", by, reason), "rollback", on, more, as_json=as_json)


@app.command(
    epilog='Example: hub connector golive waterco --by lan --reason "agreed" --certificate c.json'
)
def golive(  # noqa: PLR0913 - each is an option of the command
    name: Name,
    reason: Reason,
    by: By = "",
    certificate: Certificate = None,
    override: Override = "",
    on: On = None,
    *,
    confirm: Confirm = False,
    uncompared: Uncompared = "",
    as_json: Json = False,
) -> None:
    """Let a registration go live that was registered with --hold.

    Where another was live under that name before, past events are taken through both first.
    """
    more: dict[str, object] = {"override": override}
    if certificate is not None:
        more["certificate"] = signed(certificate)
    wanted = Promotion(name, "", by, reason, confirm, uncompared)
    _turn(wanted, "golive", on, more, as_json=as_json)


def _turn(
    wanted: Promotion,
    step: str,
    on: int | None,
    more: dict[str, object] | None = None,
    *,
    as_json: bool,
) -> None:
    with telling(as_json=as_json):
        settings = load()
        known(settings, wanted.by)
        path = f"/registrations/{wanted.name}"
        stands: Any = ask(settings, "GET", path)
        said = {
            "on": stands["version"] if on is None else on,
            "reason": wanted.reason,
            "by": wanted.by,
            **(more or {}),
        }
        if step in PROMOTES:
            said |= _seen(settings, wanted, stands)
        show(ask(settings, "POST", f"{path}/{step}", json=said), as_json=as_json)


def _seen(settings: Settings, wanted: Promotion, stands: Any) -> dict[str, object]:
    """What is known of what goes live by this step, where it takes another's place."""
    compare = stands.get("compare")
    if compare is None and not wanted.uncompared:
        return {}
    new = Side(fetch_bundle(settings, str(stands["bundle"])), stands["entry"])
    wanted = replace(wanted, connector=str(stands["connector"]))
    return seen(settings, wanted, compare, new)
