"""Before a version takes the place of a live one: what would change for what has happened."""

import sys
from collections.abc import Mapping
from typing import Annotated

import typer

from hub.backtest.report import Report
from hub.cli.backtest import LAST, compared, landscape_of, told
from hub.cli.browse import open_browser
from hub.cli.output import Usage, say
from hub.errors import HubError
from hub.registry.bundle import prove
from hub.registry.live import Live
from hub.registry.problem import BundleErrors
from hub.registry.registration import RegistrationEntry, complete
from hub.settings import Settings

Confirm = Annotated[
    bool, typer.Option("--confirm", help="the differences that a backtest tells are meant")
]


def confirmed(
    settings: Settings, files: Mapping[str, bytes], entry: RegistrationEntry, *, sure: bool
) -> str:
    """What a person confirmed, for the reason that is kept; "" where there is nothing to confirm.

    The last 10,000 events are taken through the live version and this one. Where that cannot be
    done from here (no broker is known), that is said: the control plane decides all the same.
    Raises Usage where differences want a confirmation and nobody can be asked, Abort for a no.
    """
    name = entry.name or entry.connector
    try:
        report = _report(settings, files, entry, name)
    except (HubError, BundleErrors) as error:
        say(f"past events were not compared: {error}")
        return ""
    if report is None:
        return ""
    grave = report.to_confirm
    say(f"{report.read:,} past events: {report.differing:,} differ")
    told(report.groups, beside=True)
    if not grave:
        return ""
    if not sure and not sys.stdin.isatty():
        raise Usage("these differences want a confirmation", name, "write --confirm")
    if not sure:
        typer.confirm("Is that meant?", abort=True, err=True)
    events = sum(group.events for group in grave)
    return f"confirmed what differs in {events} of {report.read} past events"


def _report(
    settings: Settings, files: Mapping[str, bytes], entry: RegistrationEntry, name: str
) -> Report | None:
    """What would change; None where nothing is live under that name."""
    browser = open_browser(settings)
    landscape = landscape_of(browser)
    old = next((one for one in landscape.live if one.name == name), None)
    if old is None:
        return None
    bundle = prove(entry.connector, files, landscape.events)
    new = Live(bundle, complete(entry, bundle.manifest))
    return compared(browser, old, new, None, LAST)[0]
